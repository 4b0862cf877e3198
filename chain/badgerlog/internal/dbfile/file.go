package dbfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// File is a file that is only read, at any place, with little memory. It is for one
// goroutine.
type File struct {
	file *os.File
	size int64
	buf  []byte // bytes of the file from from on
	from int64
}

// OpenFile opens a file of a database, whether Badger has it open or not.
func OpenFile(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &File{file: f, size: info.Size()}, nil
}

// Close lets go of the file.
func (f *File) Close() error { return f.file.Close() }

var zeros [window]byte

// window is how many bytes are read at once, at least.
const window = 1 << 20

// Bytes are n bytes at a place, fewer at the end of the file, which are valid until the
// next call.
func (f *File) Bytes(at int64, n int) ([]byte, error) {
	n = int(max(0, min(int64(n), f.size-at)))
	if at < f.from || at+int64(n) > f.from+int64(len(f.buf)) {
		want := max(n, window)
		if cap(f.buf) < want || cap(f.buf) > 4*window && want == window {
			f.buf = make([]byte, want)
		}
		f.buf, f.from = f.buf[:want], at
		read, err := f.file.ReadAt(f.buf, at)
		f.buf = f.buf[:read]
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read %s at byte %d: %w", f.file.Name(), at, err)
		}
		n = min(n, read) // the file may have become shorter
	}
	return f.buf[at-f.from:][:n:n], nil
}

// filled is the first place from at on that is not zero, or the end.
func (f *File) filled(at int64) (int64, error) {
	for at < f.size {
		b, err := f.Bytes(at, window)
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
	return f.size, nil
}
