package cli

import (
	"errors"
	"io"
	"os"
	"sync"
)

// envDetachedLog tells a detached node the path of the log to which its standard error
// goes.
const envDetachedLog = "THEATER_DETACHED_LOG"

// maxDetachedLog is how many bytes that log may have. What it had before is then in
// one beside it.
const (
	maxDetachedLog = 16 << 20
	olderLog       = ".old"
)

// boundedLog writes to a file that others hold open to append to it, and empties it
// when it has become too long; what was in it is kept in a second file. Lines of others
// that come at that very moment may be lost. It is safe for concurrent use.
type boundedLog struct {
	to   io.Writer
	path string
	most int64

	mu    sync.Mutex
	stuck bool // guarded by mu; it could not be emptied
}

// Write writes whole lines.
func (l *boundedLog) Write(lines []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if info, err := os.Stat(l.path); err == nil && info.Size()+int64(len(lines)) > l.most && !l.stuck {
		l.stuck = l.begin() != nil // a log that grows is better than none
	}
	return l.to.Write(lines)
}

// begin has the log begin anew.
func (l *boundedLog) begin() error {
	from, err := os.Open(l.path)
	if err != nil {
		return err
	}
	defer from.Close()
	older := l.path + olderLog
	to, err := os.OpenFile(older+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Close()); err != nil {
		return errors.Join(err, os.Remove(to.Name()))
	}
	if err := os.Rename(to.Name(), older); err != nil {
		return err
	}
	return os.Truncate(l.path, 0)
}
