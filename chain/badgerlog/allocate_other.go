//go:build !linux

package badgerlog

import (
	"errors"
	"os"
)

// allocate is not done here.
func allocate(*os.File, int64) error { return errors.ErrUnsupported }

func isFull(error) bool { return false }
