package badgerlog

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/theater-go/theater/chain/badgerlog/platform"
)

// reserve is a file of the data folder that keeps disk for the end of the log: on a
// full disk, what waits is still written, and Badger makes tables of what it has in
// memory as it closes. It is there while there is a writer. One that a killed process
// has left gives way to what Badger needs to open again.
type reserve struct {
	path  string
	bytes int64

	kept atomic.Int64 // bytes, or 0

	mu    sync.Mutex // held while the file is made or removed
	spent bool       // guarded by mu; it is not taken again
}

func (s sizes) reserve() int64 { return int64(s.writeFloor()) + s.memTable }

// take has the file hold its disk, unless it does already. A writer that cannot have
// it does not try again.
func (r *reserve) take() (taken bool, err error) {
	if r.kept.Load() > 0 {
		return false, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.spent {
		return false, nil
	}
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		if err = errors.Join(f.Truncate(r.bytes), platform.Allocate(f, r.bytes), f.Close()); err != nil {
			err = errors.Join(err, os.Remove(r.path))
		}
	}
	if r.spent = err != nil; r.spent {
		return false, err
	}
	r.kept.Store(r.bytes)
	return true, nil
}

// renew lets it be taken again, for another writer.
func (r *reserve) renew() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spent = false
}

// spend gives the disk free for what is still to be written.
func (r *reserve) spend() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spent = true
	r.kept.Store(0)
	if err := os.Remove(r.path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (f *folder) reserve() string { return filepath.Join(f.dir, "reserve") }

// SpendReserve lets the log use the disk that it has kept for its end. It comes before
// what is still to be written then, of which there may be a little on a full disk, too.
func (l *Log) SpendReserve() error { return l.disk.reserve.spend() }
