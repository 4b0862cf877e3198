package pack

import (
	"errors"
	"strconv"
)

var (
	// ErrBufferTooSmall is returned when a buffer ends before what it announces.
	ErrBufferTooSmall = errors.New("buffer too small")
	// ErrInvalidTag is returned for a node kind, type or type descriptor that does not exist.
	ErrInvalidTag = errors.New("invalid tag")
	// ErrInvalidEncoding is returned for bytes that break any other rule of the
	// format, and for a value that has no encoding.
	ErrInvalidEncoding = errors.New("invalid encoding")
	// ErrTooDeep is returned for values, types and sources nested deeper than [MaxDepth].
	ErrTooDeep = errors.New("nested too deep")
	// ErrTooLarge is returned when a size is above its limit.
	ErrTooLarge = errors.New("too large")
	// ErrSyntax is returned for a literal or a Pact source that does not parse;
	// the error is a *[SyntaxError].
	ErrSyntax = errors.New("syntax error")
	// ErrType is returned when a value does not have the type it should have.
	ErrType = errors.New("type mismatch")
)

// codecError carries the text that other implementations of the ABI use and
// the sentinel it stands for.
type codecError struct {
	is   error
	text string
}

func (e *codecError) Error() string { return e.text }
func (e *codecError) Unwrap() error { return e.is }

func tooSmall(need, have int) error {
	return &codecError{ErrBufferTooSmall, "Buffer too small: need " + strconv.Itoa(need) + " bytes, have " + strconv.Itoa(have)}
}

func invalidTag(tag uint64) error {
	return &codecError{ErrInvalidTag, "Invalid variant tag: " + strconv.FormatUint(tag, 10)}
}

func invalid(text string) error {
	return &codecError{ErrInvalidEncoding, "Invalid encoding: " + text}
}

func invalidAt(text string, node int) error {
	return invalid(text + " at node " + strconv.Itoa(node))
}

func tooLarge(text string) error {
	return &codecError{ErrTooLarge, "Invalid encoding: " + text}
}

func tooDeep() error {
	return &codecError{ErrTooDeep, "Invalid encoding: Nesting too deep"}
}

// SyntaxError says where a text stops being a literal or a Pact source. It is
// an [ErrSyntax], and an [ErrTooDeep] or [ErrTooLarge] when that is why. One that is an
// [ErrType] says where it is no literal of the type that it should have.
type SyntaxError struct {
	Offset  int // in bytes from the start of the text
	Message string

	is error
}

func (e *SyntaxError) Error() string {
	if e.is == ErrType {
		return "at " + strconv.Itoa(e.Offset) + ": " + e.Message
	}
	return "parse error at " + strconv.Itoa(e.Offset) + ": " + e.Message
}

// Is makes every SyntaxError an [ErrSyntax].
func (e *SyntaxError) Is(target error) bool {
	return target == ErrSyntax || e.is != nil && target == e.is
}
