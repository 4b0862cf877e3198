package badgerlog

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/theater-go/theater/chain"
)

// Proof shows that a record is in the log that a checkpoint speaks of, to someone who
// has no more than the record and the key. It shows nothing of others but hashes.
type Proof struct {
	Note   []byte       // the checkpoint's
	Block  uint64       // that the record is in
	Hashes []chain.Hash // of all records of the block
	Path   []chain.Hash // from the block's leaf to the root, as tlog.RecordProof
}

// Proof makes the proof of a record, against the newest checkpoint, which is signed now
// if it does not cover the record.
func (l *Log) Proof(ctx context.Context, actor chain.ID, record uint64) (Proof, error) {
	t, err := l.tail(actor)
	if err != nil {
		return Proof{}, err
	}
	if record >= t.summary.Records {
		return Proof{}, fmt.Errorf("actor %s record %d: %w", actor, record, chain.ErrNotFound)
	}
	r := newRecordReader(l, t)
	at, err := r.place(record)
	if err != nil {
		return Proof{}, err
	}
	signed := l.seal.checkpoint()
	if at.block >= signed.Size {
		if signed, err = l.Checkpoint(ctx); err != nil {
			return Proof{}, err
		}
	}
	if at.block >= signed.Size {
		return Proof{}, fmt.Errorf("actor %s record %d is not signed: %w", actor, record, chain.ErrNotFound)
	}
	p := Proof{Note: signed.Note, Block: at.block}
	if p.Hashes, err = l.hashes(at.block); err != nil {
		return Proof{}, err
	}
	l.seal.files.Lock()
	defer l.seal.files.Unlock()
	path, err := tlog.ProveRecord(int64(signed.Size), int64(at.block), l.seal.tree)
	if err != nil {
		return Proof{}, fmt.Errorf("actor %s record %d: prove: %w", actor, record, err)
	}
	for _, h := range path {
		p.Path = append(p.Path, chain.Hash(h))
	}
	return p, nil
}

// hashes are those of a block's records.
func (l *Log) hashes(block uint64) (hashes []chain.Hash, err error) {
	records, count, err := l.block(block, nil)
	if err != nil {
		return nil, err
	}
	_, err = eachRecord(block, records, count, func(s *chain.Stored, _ place) error {
		hashes = append(hashes, s.Hash)
		return nil
	})
	return hashes, err
}

// VerifyProof checks that the record with that hash is in the log of which the proof's
// checkpoint speaks, and that the checkpoint is signed by key, as it stands in
// checkpoint/key.pub. Anything else is chain.ErrInvalid or chain.ErrCorrupt. Whoever has
// the record computes its hash from it, and so knows its actor and number.
func VerifyProof(p Proof, record chain.Hash, key string) (Checkpoint, error) {
	c, err := ReadCheckpoint(p.Note, key)
	if err != nil {
		return Checkpoint{}, err
	}
	if !slices.Contains(p.Hashes, record) {
		return Checkpoint{}, fmt.Errorf("proof is not of record %s: %w", record, chain.ErrInvalid)
	}
	if p.Block >= c.Size {
		return Checkpoint{}, fmt.Errorf("proof is of block %d, and %d are signed: %w", p.Block, c.Size, chain.ErrInvalid)
	}
	var hashes []byte
	for _, h := range p.Hashes {
		hashes = append(hashes, h[:]...)
	}
	path := make(tlog.RecordProof, len(p.Path))
	for i, h := range p.Path {
		path[i] = tlog.Hash(h)
	}
	if err := tlog.CheckRecord(path, int64(c.Size), tlog.Hash(c.Root), int64(p.Block), blockLeaf(p.Block, hashes)); err != nil {
		return Checkpoint{}, fmt.Errorf("proof of record %s: %w: %w", record, err, chain.ErrInvalid)
	}
	return c, nil
}
