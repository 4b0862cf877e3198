package badgerlog

import (
	"sync/atomic"
	"time"
)

// Stats is what the writer has committed since the log was opened.
type Stats struct {
	Records    int64
	Bytes      int64 // of records and blobs, before compression
	Commits    int64
	CommitTime time.Duration // that they took together
}

// Stats counts what is acknowledged.
func (l *Log) Stats() Stats {
	s := &l.stats
	return Stats{s.records.Load(), s.bytes.Load(), s.commits.Load(), time.Duration(s.commitTime.Load())}
}

// Stopped is closed when a record could not be written, so that the log takes no more;
// Err says why. Nothing of that is told when the log is closed in order.
func (l *Log) Stopped() <-chan struct{} { return l.stopped }

// Err is what stopped the log, nil while it goes on.
func (l *Log) Err() error {
	select {
	case <-l.stopped:
		return l.stoppedBy
	default:
		return nil
	}
}

// stop is for the committer, once.
func (l *Log) stop(err error) {
	l.stoppedBy = err
	close(l.stopped)
}

// stats are counted by the committer alone.
type stats struct{ records, bytes, commits, commitTime atomic.Int64 }

func (s *stats) add(records, bytes int, took time.Duration) {
	s.records.Add(int64(records))
	s.bytes.Add(int64(bytes))
	s.commits.Add(1)
	s.commitTime.Add(int64(took))
}
