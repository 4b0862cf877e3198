package dbfile

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/dgraph-io/badger/v4"

	"github.com/theater-go/theater/chain"
)

// Open opens a database that was prepared. What Badger does not understand is
// chain.ErrCorrupt; what the system says is passed on.
func Open(options badger.Options) (db *badger.DB, err error) {
	err = survive(func() (err error) {
		db, err = badger.Open(options)
		return err
	})
	var system syscall.Errno
	switch {
	case err == nil:
		return db, nil
	case errors.As(err, &system) && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("open database: %w", err)
	}
	return nil, fmt.Errorf("open database: %w: %w", err, chain.ErrCorrupt)
}

// survive makes a panic of f into an error, also that of reading from a mapped file
// which is shorter than it was.
func survive(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			text := strings.Join(strings.Fields(fmt.Sprint(p)), " ")
			err = fmt.Errorf("it cannot be read (%.80s)", strings.Trim(text, "= "))
		}
	}()
	return f()
}
