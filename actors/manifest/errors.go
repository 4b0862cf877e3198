package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one problem of a manifest.
type Error struct {
	// File is the manifest's name as given to Parse or Load.
	File string
	// Line and Column start at 1 and count bytes; 0 where the problem has no place.
	Line, Column int
	// Key is the dotted key, e.g. limits.memory or handler[1].type; empty where
	// the problem is the file's as a whole.
	Key string
	// Reason is what is wrong, Hint what to do about it (may be empty).
	Reason, Hint string
	// Err is the cause, where there is one (e.g. fs.ErrNotExist).
	Err error
}

// Error prints file:line:column: key: reason (hint).
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	b.WriteString(": ")
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Reason)
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errors are all the problems of a manifest, and of those that it declares, in
// the order of the files. It is what Parse and Load return; a range over it,
// errors.As to *Error and errors.Is work.
type Errors []*Error

// Error prints one problem a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the problems one by one.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, p := range e {
		errs[i] = p
	}
	return errs
}

// sorted orders the problems by the rank of their file and by place, and cuts a
// flood.
func (e Errors) sorted(rank map[string]int) Errors {
	slices.SortStableFunc(e, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(rank[a.File], rank[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if len(e) <= maxProblems {
		return e
	}
	rest := &Error{File: e[maxProblems].File, Reason: fmt.Sprintf("%d more problems", len(e)-maxProblems)}
	return append(e[:maxProblems:maxProblems], rest)
}
