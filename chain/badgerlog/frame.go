package badgerlog

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/theater-go/theater/chain"
)

// A backup is a line of text, then frames:
//
//	kind 1 · length 4 · body · crc32c 4
//
// The crc is over all before it of the frame. The first frame is of kind begin, the last
// of kind end; between them come the checkpoint if there is one, all parts of blobs, then
// all blocks in their order.
const (
	backupLine = "theater backup 1\n"

	frameBegin  = 'A' // plan
	frameSigned = 'c' // key · line break · checkpoint
	frameBlob   = 'b' // sha256 · part 4 · value
	frameBlock  = 'g' // block
	frameEnd    = 'Z' // blob parts 8 · blocks 8

	frameHeader = 1 + 4
	frameMax    = frameHeader + 2*recordMax // what is longer was not written by us
)

// frameWriter writes frames.
type frameWriter struct {
	w io.Writer
	n int64 // bytes written
}

func (w *frameWriter) text(s string) error {
	n, err := io.WriteString(w.w, s)
	w.n += int64(n)
	return err
}

// frame writes the parts of a body in one frame.
func (w *frameWriter) frame(kind byte, parts ...[]byte) error {
	length := 0
	for _, p := range parts {
		length += len(p)
	}
	head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(length))
	sum := crc32.Checksum(head, castagnoli)
	for _, p := range parts {
		sum = crc32.Update(sum, castagnoli, p)
	}
	for _, p := range append(append([][]byte{head}, parts...), binary.BigEndian.AppendUint32(nil, sum)) {
		n, err := w.w.Write(p)
		w.n += int64(n)
		if err != nil {
			return err
		}
	}
	return nil
}

// frameReader reads frames, and knows where it is.
type frameReader struct {
	r  *bufio.Reader
	at int64 // where the next frame begins
}

// damagedAt says that a place of the backup is not as it was written.
func damagedAt(at int64, problem string) error {
	return fmt.Errorf("byte %d: %s: %w", at, problem, chain.ErrCorrupt)
}

// line reads the line in front.
func (r *frameReader) line() error {
	b := make([]byte, len(backupLine))
	n, err := io.ReadFull(r.r, b)
	const version = len("theater backup ")
	switch {
	case err == nil && string(b) == backupLine:
		r.at = int64(n)
		return nil
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case n > version && string(b[:version]) == backupLine[:version]:
		return fmt.Errorf("the backup is of another version: %w", chain.ErrVersion)
	}
	return damagedAt(0, "this is no backup")
}

// next reads a frame. The body is new memory.
func (r *frameReader) next() (kind byte, body []byte, err error) {
	var head [frameHeader]byte
	if _, err := io.ReadFull(r.r, head[:]); err != nil {
		return 0, nil, r.short(err)
	}
	length := int(binary.BigEndian.Uint32(head[1:]))
	if length > frameMax {
		return 0, nil, damagedAt(r.at, "what begins here has no such length")
	}
	var sum [4]byte
	if body, err = r.bytes(length); err == nil {
		_, err = io.ReadFull(r.r, sum[:])
	}
	if err != nil {
		return 0, nil, r.short(err)
	}
	if binary.BigEndian.Uint32(sum[:]) != crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, body) {
		return 0, nil, damagedAt(r.at, "what begins here is not what was written")
	}
	r.at += int64(frameHeader + length + len(sum))
	return head[0], body, nil
}

// bytes reads so many, and takes not much more memory than there are: the length may be
// damaged.
func (r *frameReader) bytes(length int) ([]byte, error) {
	if length <= 1<<20 {
		b := make([]byte, length)
		_, err := io.ReadFull(r.r, b)
		return b, err
	}
	b, err := io.ReadAll(io.LimitReader(r.r, int64(length)))
	if err == nil && len(b) < length {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// short is what is said when there is no more.
func (r *frameReader) short(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return damagedAt(r.at, "the backup ends here and is not complete")
	}
	return err
}

// over is nil when nothing follows.
func (r *frameReader) over() error {
	switch _, err := r.r.ReadByte(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	return damagedAt(r.at, "bytes follow the end of the backup")
}
