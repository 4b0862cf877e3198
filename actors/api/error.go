package api

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// Error is what a node answers when it does not do what it is asked.
type Error struct {
	Code    string // stable, for programs: one of those in docs/api.md
	Message string // for people; it may hold text of guests
	Field   string // of the request, when it is one that is wrong
	Hint    string // what to do about it
	Retry   time.Duration
	Status  connect.Code

	err error
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.err }

// ErrorOf reads an error of a Client's service. One that does not come from the
// node itself has the code "unreachable", or "deadline" or "cancelled" when the
// caller gave up. It is nil for nil.
func ErrorOf(err error) *Error {
	if err == nil {
		return nil
	}
	var c *connect.Error
	if !errors.As(err, &c) {
		return &Error{Code: CodeUnreachable, Message: err.Error(), Status: connect.CodeUnavailable, err: err}
	}
	e := &Error{Code: CodeUnreachable, Message: c.Message(), Status: c.Code(), err: err}
	switch { // a connection that breaks off is called cancelled below, too
	case c.Code() == connect.CodeDeadlineExceeded:
		e.Code = CodeDeadline
	case errors.Is(err, context.Canceled):
		e.Code = CodeCancelled
	}
	for _, d := range c.Details() {
		if v, err := d.Value(); err == nil {
			if info, ok := v.(*theaterv1.ErrorInfo); ok {
				e.Code, e.Field, e.Hint, e.Retry = info.Code, info.Field, info.Hint, info.RetryAfter.AsDuration()
			}
		}
	}
	return e
}
