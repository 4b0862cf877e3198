package badgerlog

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/klauspost/compress/s2"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog/internal/dbfile"
	"github.com/theater-go/theater/chain/badgerlog/internal/merkle"
)

// find is where a value is that was found.
type find struct {
	file    int // index of the file
	at      int64
	size    int
	epoch   uint64 // of a block's first record
	version uint64
	guessed bool // it may be anything: a blob whose key is not known
}

// part names a part of a blob.
type part struct {
	sum    chain.Hash
	number uint32
}

// Gap is a part of a file that is not what was written, in bytes.
type Gap struct {
	File     string // below the folder
	From, To int64
}

// salvage is what the files of a folder's database hold. It opens no database, and
// changes nothing.
type salvage struct {
	dir   string
	files []string     // below dir
	open  *dbfile.File // the file read last
	at    int          // its index

	blocks    map[uint64][]find // the newest first
	blobs     map[part]find
	large     map[chain.Hash]bool // blobs of several parts
	states    map[chain.Hash]bool // blobs that are checkpoints of actors
	summaries map[chain.ID]chain.Summary
	epoch     uint64
	end       uint64 // there were at least so many blocks
	gaps      []Gap
	origin    origin
	leaves    *merkle.Tree // that the checkpoint vouches for; nil for none
	unsealed  error        // why it vouches for none
	decoded   []byte       // memory for records
}

// newSalvage looks through all files of the database in dir. step is told how many bytes
// of how many it has seen.
func newSalvage(ctx context.Context, dir string, step func(done, total uint64)) (*salvage, error) {
	s := emptySalvage(dir)
	s.origin, s.leaves, s.unsealed = signedLeaves(dir)
	s.end = s.origin.Size
	sizes, total, err := s.list()
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	done := int64(0)
	for i, size := range sizes {
		told := func(at int64) error {
			if step != nil {
				step(uint64(done+at), uint64(total))
			}
			return ctx.Err()
		}
		if err := s.scan(i, told); err != nil {
			return nil, errors.Join(err, s.close())
		}
		done += size
	}
	s.order()
	if err := s.checkParts(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func emptySalvage(dir string) *salvage {
	return &salvage{
		dir: dir, at: -1, blocks: map[uint64][]find{}, blobs: map[part]find{}, large: map[chain.Hash]bool{},
		states: map[chain.Hash]bool{}, summaries: map[chain.ID]chain.Summary{},
	}
}

// list finds the files in which there may be something.
func (s *salvage) list() (sizes []int64, total int64, err error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "db"))
	if err != nil {
		return nil, 0, fmt.Errorf("read database folder: %w", err)
	}
	for _, e := range entries {
		if !slices.Contains([]string{".vlog", ".mem", ".sst"}, filepath.Ext(e.Name())) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, 0, fmt.Errorf("read database folder: %w", err)
		}
		s.files = append(s.files, filepath.Join("db", e.Name()))
		sizes, total = append(sizes, info.Size()), total+info.Size()
	}
	return sizes, total, nil
}

func (s *salvage) close() (err error) {
	if s.leaves != nil {
		err = s.leaves.Close()
	}
	return errors.Join(err, s.leave())
}

// leave closes the file that was read last.
func (s *salvage) leave() error {
	if s.open == nil {
		return nil
	}
	err := s.open.Close()
	s.open, s.at = nil, -1
	return err
}

// source is one of the files, which stays open until another is asked for.
func (s *salvage) source(file int) (*dbfile.File, error) {
	if s.at == file {
		return s.open, nil
	}
	if err := s.leave(); err != nil {
		return nil, err
	}
	src, err := dbfile.OpenFile(filepath.Join(s.dir, s.files[file]))
	if err != nil {
		return nil, err
	}
	s.open, s.at = src, file
	return src, nil
}

func (s *salvage) scan(file int, step func(int64) error) error {
	name := s.files[file]
	lost := func(from, to int64) {
		s.gaps = append(s.gaps, Gap{File: name, From: from, To: to})
	}
	found := func(item dbfile.Item) error {
		s.take(file, item)
		return step(item.At)
	}
	src, err := s.source(file)
	if errors.Is(err, fs.ErrPermission) {
		return err
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	return schema.Scan(src, dbfile.Told{Found: found, Lost: lost, Step: step})
}

// take notes what an item is, if it is of use.
func (s *salvage) take(file int, item dbfile.Item) {
	if !item.Kept() {
		return
	}
	f := find{file: file, at: item.At, size: len(item.Value), version: item.Version}
	key := item.Key
	switch {
	case bytes.HasPrefix(key, blockPrefix), key == nil && bytes.HasPrefix(item.Value, []byte(blockMagic)):
		s.takeBlock(f, item.Value)
	case bytes.HasPrefix(key, blobPrefix) && len(key) == len(blobPrefix)+len(chain.Hash{})+4:
		key = key[len(blobPrefix):]
		s.takeBlob(f, part{chain.Hash(key), binary.BigEndian.Uint32(key[len(chain.Hash{}):])}, item.Value)
	case bytes.HasPrefix(key, summaryPrefix):
		s.takeSummary(item.Value)
	case bytes.Equal(key, epochKey):
		s.epoch = max(s.epoch, takeCounter(item.Value))
	case bytes.Equal(key, watermarkKey):
		s.end = max(s.end, takeCounter(item.Value))
	case key == nil && !s.takeSummary(item.Value):
		f.guessed = true
		s.takeBlob(f, part{}, item.Value)
	}
}

// takeSummary notes how far an actor's chain went; ok is false when it is no summary.
func (s *salvage) takeSummary(value []byte) (ok bool) {
	sum, err := decodeSummary(value)
	if err == nil && sum.Records > s.summaries[sum.ID].Records {
		s.summaries[sum.ID] = sum
	}
	return err == nil
}

func takeCounter(value []byte) uint64 {
	b, err := unseal(value)
	if err != nil || len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func (s *salvage) takeBlock(f find, value []byte) {
	if len(value) < blockHeader {
		return
	}
	number := binary.BigEndian.Uint64(value[5:])
	records, count, err := decodeBlock(number, value, s.decoded)
	if err != nil || count == 0 || number == 1<<64-1 {
		return
	}
	s.decoded = records
	first, _, err := chain.DecodeStored(records)
	if err != nil {
		return
	}
	f.epoch = first.Epoch
	s.end = max(s.end, number+1)
	s.blocks[number] = append(s.blocks[number], f)
}

// takeBlob notes a part of a blob. A blob of one part whose key is not known is known by
// its bytes.
func (s *salvage) takeBlob(f find, p part, value []byte) {
	n, err := s2.DecodedLen(value)
	if err != nil || n > blobPart {
		return
	}
	decoded, err := s2.Decode(nil, value)
	if err != nil {
		return
	}
	if p.number == 0 && n < blobPart {
		sum := chain.Hash(sha256.Sum256(decoded))
		if p.sum != sum && !p.sum.IsZero() {
			return
		}
		p.sum = sum
	}
	if p.sum.IsZero() {
		return
	}
	if _, ok := s.blobs[p]; ok && f.guessed {
		return
	}
	if p.number == 0 && n == blobPart {
		s.large[p.sum] = true
	}
	if p.number == 0 && chain.IsCheckpoint(decoded) {
		s.states[p.sum] = true
	}
	s.blobs[p] = f
}

// order has of several blocks with one number the newest first: after a power cut a
// block may have been written anew in place of one that was half forgotten.
func (s *salvage) order() {
	for _, finds := range s.blocks {
		slices.SortFunc(finds, func(a, b find) int {
			return cmp.Or(cmp.Compare(b.epoch, a.epoch), cmp.Compare(b.version, a.version), cmp.Compare(b.file, a.file), cmp.Compare(b.at, a.at))
		})
	}
}

// checkParts forgets blobs of several parts that are not whole.
func (s *salvage) checkParts(ctx context.Context) error {
	for sum := range s.large {
		blob := incoming{sum: sum, hash: sha256.New()}
		for n := uint32(0); !blob.last; n++ {
			f, ok := s.blobs[part{sum, n}]
			if !ok {
				break
			}
			b, err := s.read(f)
			if err := errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			if blob.take(sum, int(n), b) != nil {
				break
			}
		}
		if !blob.last || blob.complete() != nil {
			s.forget(sum)
		}
	}
	return nil
}

func (s *salvage) forget(sum chain.Hash) {
	for n := uint32(0); ; n++ {
		p := part{sum, n}
		if _, ok := s.blobs[p]; !ok && n > 0 {
			return
		}
		delete(s.blobs, p)
	}
}

// read are the bytes of a find, valid until the next call.
func (s *salvage) read(f find) ([]byte, error) {
	src, err := s.source(f.file)
	if err != nil {
		return nil, err
	}
	return src.Bytes(f.at, f.size)
}
