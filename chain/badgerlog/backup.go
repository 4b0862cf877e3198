package badgerlog

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/theater-go/theater/chain"
)

// Plan says what a backup holds. It stands at its beginning.
type Plan struct {
	Durability string
	Epoch      uint64 // of the newest writer
	Taken      int64  // unix nanoseconds
	Parts      uint64 // of blobs
	Blocks     uint64
	Bytes      uint64 // of both, about: it is for showing progress
}

func (p *Plan) append(b []byte) []byte {
	for _, n := range []uint64{p.Epoch, uint64(p.Taken), p.Parts, p.Blocks, p.Bytes} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return append(b, p.Durability...)
}

func decodePlan(b []byte) (p Plan, ok bool) {
	if len(b) < 5*8 {
		return p, false
	}
	n := func(i int) uint64 { return binary.BigEndian.Uint64(b[8*i:]) }
	p = Plan{Epoch: n(0), Taken: int64(n(1)), Parts: n(2), Blocks: n(3), Bytes: n(4), Durability: string(b[5*8:])}
	return p, knownDurability(p.Durability) == nil
}

// Backup writes all that the log has acknowledged when it is called, and perhaps the
// beginning of what it takes meanwhile: a prefix of its order. It holds no more in memory
// than a few parts of blobs, and neither writers nor readers wait for it; but Close does. begun
// is told what will come, before anything is written; nil drops that. A block or
// a blob that is damaged is chain.ErrCorrupt.
func (l *Log) Backup(ctx context.Context, to io.Writer, begun func(Plan)) error {
	signed, err := l.signed(ctx)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(to, 64<<10)
	err = l.view(func(txn *badger.Txn) error {
		b := backup{ctx: ctx, txn: txn, signed: signed, to: &frameWriter{w: buffered}}
		return b.write(Plan{Durability: l.folder.durability, Taken: time.Now().UnixNano()}, begun)
	})
	if err != nil {
		return err
	}
	return buffered.Flush()
}

// signed is the newest checkpoint, with the key that checks it in front. It vouches for
// blocks that are acknowledged, and so for some of those that are backed up.
func (l *Log) signed(ctx context.Context) ([]byte, error) {
	c, err := l.Checkpoint(ctx)
	if err != nil || c.Note == nil {
		return nil, err
	}
	key, err := os.ReadFile(filepath.Join(l.folder.dir, checkpointName, verifierName))
	if err != nil {
		return nil, fmt.Errorf("read key of checkpoint: %w", err)
	}
	return append(key, c.Note...), nil
}

// backup is one that is being written, from one consistent view of the database.
type backup struct {
	ctx    context.Context
	txn    *badger.Txn
	to     *frameWriter
	signed []byte // the body of a frame; nil for none
	value  []byte
	blob   incoming // that was written last
	blocks uint64
	parts  uint64
}

func (b *backup) write(plan Plan, begun func(Plan)) (err error) {
	if plan.Epoch, err = counter(b.txn, epochKey); err != nil {
		return err
	}
	size := func(i *badger.Item) error {
		plan.Bytes += uint64(i.EstimatedSize())
		return b.ctx.Err()
	}
	if plan.Parts, err = b.each(blobPrefix, size); err != nil {
		return err
	}
	if plan.Blocks, err = b.each(blockPrefix, size); err != nil {
		return err
	}
	if begun != nil {
		begun(plan)
	}
	if err := b.to.text(backupLine); err != nil {
		return err
	}
	if err := b.to.frame(frameBegin, plan.append(nil)); err != nil {
		return err
	}
	if b.signed != nil {
		if err := b.to.frame(frameSigned, b.signed); err != nil {
			return err
		}
	}
	if _, err := b.each(blobPrefix, b.blobPart); err != nil {
		return err
	}
	if err := b.blob.complete(); err != nil {
		return err
	}
	if _, err := b.each(blockPrefix, b.block); err != nil {
		return err
	}
	end := binary.BigEndian.AppendUint64(nil, b.parts)
	return b.to.frame(frameEnd, binary.BigEndian.AppendUint64(end, b.blocks))
}

// each hands over what has a prefix, in order, and counts it.
func (b *backup) each(prefix []byte, f func(*badger.Item) error) (n uint64, err error) {
	opts := badger.DefaultIteratorOptions
	opts.Prefix, opts.PrefetchValues = prefix, false
	it := b.txn.NewIterator(opts)
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		if err := f(it.Item()); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// read copies a value: who takes the bytes may be slow, and the database waits for those
// who look at its files.
func (b *backup) read(i *badger.Item) (err error) {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	if b.value, err = i.ValueCopy(b.value); err != nil {
		return fmt.Errorf("read database: %w", err)
	}
	return nil
}

func (b *backup) blobPart(i *badger.Item) error {
	key := i.Key()[len(blobPrefix):]
	if len(key) != len(chain.Hash{})+4 {
		return fmt.Errorf("a blob has the key %x: %w", key, chain.ErrCorrupt)
	}
	sum, part := chain.Hash(key), int(binary.BigEndian.Uint32(key[len(chain.Hash{}):]))
	if part > 0 && !b.blob.of(sum) {
		return nil // the first part stands for all: the blob is about to come, or to go
	}
	if err := b.read(i); err != nil {
		return err
	}
	if part == 0 {
		if err := b.blob.complete(); err != nil {
			return err
		}
		b.blob = incoming{sum: sum, hash: sha256.New()}
	}
	if err := b.blob.take(sum, part, b.value); err != nil {
		return fmt.Errorf("part %d of blob %s: %w", part, sum, err)
	}
	b.parts++
	return b.to.frame(frameBlob, key, b.value)
}

func (b *backup) block(i *badger.Item) error {
	if err := b.read(i); err != nil {
		return err
	}
	if string(i.Key()) != string(blockKey(b.blocks)) {
		return fmt.Errorf("block %d is missing: %w", b.blocks, chain.ErrCorrupt)
	}
	if err := checkBlock(b.blocks, b.value); err != nil {
		return err
	}
	b.blocks++
	return b.to.frame(frameBlock, b.value)
}
