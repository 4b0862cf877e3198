package bench

import (
	"context"
	"errors"
	"os"
	"slices"
)

// closers close what a row has opened, the last opened first.
type closers struct{ list []func(context.Context) error }

func (c *closers) onClose(f func(context.Context) error) { c.list = append(c.list, f) }

// folder makes a folder that is removed in the end.
func (c *closers) folder() (string, error) {
	folder, err := os.MkdirTemp("", "theater-bench-")
	if err == nil {
		c.onClose(func(context.Context) error { return os.RemoveAll(folder) })
	}
	return folder, err
}

// opened runs open, and when it fails closes what it had opened until then.
func (c *closers) opened(ctx context.Context, open func() error) error {
	err := open()
	if err != nil {
		err = errors.Join(err, c.close(context.WithoutCancel(ctx)))
	}
	return err
}

func (c *closers) close(ctx context.Context) error {
	var errs []error
	for _, f := range slices.Backward(c.list) {
		errs = append(errs, f(ctx))
	}
	c.list = nil
	return errors.Join(errs...)
}
