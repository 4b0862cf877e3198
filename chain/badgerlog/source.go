package badgerlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// source is a file that is only read, at any place, with little memory.
type source struct {
	file *os.File
	size int64
	buf  []byte // bytes of the file from from on
	from int64
}

func openSource(path string) (*source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &source{file: f, size: info.Size()}, nil
}

func (s *source) close() error { return s.file.Close() }

var zeros [window]byte

// window is how many bytes are read at once, at least.
const window = 1 << 20

// bytes are n bytes at a place, fewer at the end of the file, which are valid until the
// next call.
func (s *source) bytes(at int64, n int) ([]byte, error) {
	n = int(max(0, min(int64(n), s.size-at)))
	if at < s.from || at+int64(n) > s.from+int64(len(s.buf)) {
		want := max(n, window)
		if cap(s.buf) < want || cap(s.buf) > 4*window && want == window {
			s.buf = make([]byte, want)
		}
		s.buf, s.from = s.buf[:want], at
		read, err := s.file.ReadAt(s.buf, at)
		s.buf = s.buf[:read]
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read %s at byte %d: %w", s.file.Name(), at, err)
		}
		n = min(n, read) // the file may have become shorter
	}
	return s.buf[at-s.from:][:n:n], nil
}

// filled is the first place from at on that is not zero, or the end.
func (s *source) filled(at int64) (int64, error) {
	for at < s.size {
		b, err := s.bytes(at, window)
		if err != nil {
			return 0, err
		}
		if len(b) == 0 {
			break
		}
		if !bytes.Equal(b, zeros[:len(b)]) {
			i := bytes.IndexFunc(b, func(r rune) bool { return r != 0 })
			return at + int64(i), nil
		}
		at += int64(len(b))
	}
	return s.size, nil
}
