//go:build !linux

package platform

import (
	"errors"
	"os"
)

// Allocate is errors.ErrUnsupported here.
func Allocate(*os.File, int64) error { return errors.ErrUnsupported }

// IsFull is false: a full disk is not told from other errors here.
func IsFull(error) bool { return false }
