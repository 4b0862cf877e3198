package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"sync"

	"github.com/theater-go/theater/chain"
)

const (
	// segmentWrite is how many bytes are written at once, and one record more.
	segmentWrite = 1 << 20

	frameHeader = 4 + 4 // length and crc32c of the record that follows
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// segment is the file of the baseline segment-file: the least that a log can do
// that keeps chains on a disk. One goroutine links and hashes records as they come,
// frames them with a length and a crc32c, and writes as many at once as there are,
// into a file that has its disk allocated before; then it acknowledges them. There is no
// index, no compression, no admission, and nothing is read back while it writes.
type segment struct {
	folder string
	file   *os.File
	size   int64 // at its end the next file begins, and the one before is removed
	sync   bool  // a record is acknowledged once it is on disk
	at     int64 // where the next write goes
	buf    []byte
	heads  map[chain.ID]chain.Hash

	mu     sync.Mutex // guards what follows
	queue  []framed
	closed bool

	wake      chan struct{} // has an element when there may be something new for run
	stopped   chan struct{} // closed when run has ended
	closeOnce sync.Once
}

// framed is a record on its way to the file.
type framed struct {
	draft *chain.Draft
	ack   chain.Acknowledger
}

// openSegment makes a segment of so many bytes in the folder and begins to write it.
func openSegment(folder string, size int64, durable bool) (*segment, error) {
	s := &segment{
		folder: folder, size: size, sync: durable, heads: map[chain.ID]chain.Hash{},
		wake: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
	if err := s.begin(); err != nil {
		return nil, err
	}
	go s.run()
	return s, nil
}

// begin makes a file and allocates its disk.
func (s *segment) begin() (err error) {
	if s.file, err = os.CreateTemp(s.folder, "segment-"); err != nil {
		return err
	}
	s.at = 0
	if err = allocate(s.file, s.size); err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		err = errors.Join(err, s.remove())
	}
	return err
}

func (s *segment) remove() error { return errors.Join(s.file.Close(), os.Remove(s.file.Name())) }

// append implements appender.
func (s *segment) append(_ context.Context, d *chain.Draft, ack chain.Acknowledger) error {
	if err := d.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	s.queue = append(s.queue, framed{d, ack})
	first := len(s.queue) == 1
	s.mu.Unlock()
	if first {
		s.signal()
	}
	return nil
}

// hurry implements appender: a segment never waits for more.
func (s *segment) hurry() {}

func (s *segment) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run writes what is appended until the segment is closed.
func (s *segment) run() {
	defer close(s.stopped)
	var group []framed
	for range s.wake {
		for {
			s.mu.Lock()
			group, s.queue = s.queue, group[:0]
			closed := s.closed
			s.mu.Unlock()
			if len(group) == 0 && closed {
				return
			}
			if len(group) == 0 {
				break
			}
			s.write(group)
			clear(group)
		}
	}
}

// write writes and acknowledges a group, in parts.
func (s *segment) write(group []framed) {
	for len(group) > 0 {
		n := 0
		s.buf = s.buf[:0]
		for n < len(group) && len(s.buf) < segmentWrite {
			s.frame(group[n].draft)
			n++
		}
		err := s.flush()
		for _, one := range group[:n] {
			if one.ack != nil {
				one.ack.Acknowledged(one.draft.Stored(), err)
			}
			one.draft.Discard()
		}
		group = group[n:]
	}
}

// frame links and hashes a record and adds it to what is written next.
func (s *segment) frame(d *chain.Draft) {
	actor := d.Stored().Actor
	stored := d.Seal(1, s.heads[actor])
	s.heads[actor] = stored.Hash
	from := len(s.buf)
	s.buf = append(s.buf, make([]byte, frameHeader)...)
	s.buf = stored.Append(s.buf)
	record := s.buf[from+frameHeader:]
	binary.BigEndian.PutUint32(s.buf[from:], uint32(len(record)))
	binary.BigEndian.PutUint32(s.buf[from+4:], crc32.Checksum(record, castagnoli))
}

func (s *segment) flush() error {
	if s.at+int64(len(s.buf)) > s.size {
		if err := errors.Join(s.remove(), s.begin()); err != nil {
			return err
		}
	}
	n, err := s.file.WriteAt(s.buf, s.at)
	s.at += int64(n)
	if err == nil && s.sync {
		err = syncData(s.file)
	}
	return err
}

// close ends the segment and removes its file.
func (s *segment) close(context.Context) error {
	var err error
	s.closeOnce.Do(func() {
		s.finish()
		err = s.remove()
	})
	return err
}

// finish writes what was appended and takes no more.
func (s *segment) finish() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.signal()
	<-s.stopped
}

// fill is allocate where the system does not have it.
func fill(file *os.File, bytes int64) error {
	zeros := make([]byte, segmentWrite)
	for at := int64(0); at < bytes; at += segmentWrite {
		if _, err := file.WriteAt(zeros[:min(segmentWrite, bytes-at)], at); err != nil {
			return err
		}
	}
	return nil
}
