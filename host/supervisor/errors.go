package supervisor

import (
	"errors"
	"fmt"
)

// ErrStoppedExternally is returned by a Parent for a child that others stopped
// before it came to an end of its own.
var ErrStoppedExternally = errors.New("child actor was stopped externally")

// FailedError is returned by a Parent for a child that has failed for good.
type FailedError struct {
	ID     string // the child's
	Reason string
}

// Error has the original's words, which guests compare.
func (e *FailedError) Error() string {
	return fmt.Sprintf("Child actor %s failed: %s", e.ID, e.Reason)
}
