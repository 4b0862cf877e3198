package badgerlog

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"

	"github.com/klauspost/compress/s2"

	"github.com/theater-go/theater/chain"
)

// blobBytes are those of a blob that there is.
func (r *repair) blobBytes(sum chain.Hash) ([]byte, error) {
	var blob []byte
	if path := r.extra[sum]; path != "" {
		b, err := os.ReadFile(path)
		if err == nil && sha256.Sum256(b) != sum {
			err = fmt.Errorf("%s changes while it is read", path)
		}
		return b, err
	}
	for n, more := uint32(0), true; more; n++ {
		b, err := r.s.read(r.s.blobs[part{sum, n}])
		if err != nil {
			return nil, err
		}
		decoded, err := s2.Decode(nil, b)
		if err != nil {
			return nil, fmt.Errorf("blob %s: %w", sum, chain.ErrCorrupt)
		}
		blob, more = append(blob, decoded...), len(decoded) == blobPart
	}
	return blob, nil
}

// putBlobs keeps all blobs but checkpoints that no chain names any more, and those that
// were only guessed to be some.
func (b *rebuild) putBlobs() error {
	live := map[chain.Hash]bool{}
	for _, p := range b.actors {
		live[p.marks[0]], live[p.marks[1]] = true, true
	}
	var sums []chain.Hash
	for p, f := range b.s.blobs {
		if p.number == 0 && !f.guessed && (!b.s.states[p.sum] || live[p.sum]) {
			sums = append(sums, p.sum)
		}
	}
	slices.SortFunc(sums, func(x, y chain.Hash) int { // as they lie in the files
		a, b := b.s.blobs[part{x, 0}], b.s.blobs[part{y, 0}]
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.at, b.at))
	})
	for _, sum := range sums {
		if err := b.putBlob(sum); err != nil {
			return err
		}
	}
	b.blobs = len(sums)
	for sum := range b.filled {
		blob, err := b.blobBytes(sum)
		if err != nil {
			return err
		}
		for _, e := range blobEntries(sum, blob) {
			if err := b.loader.add(e); err != nil {
				return err
			}
		}
		b.blobs++
	}
	return nil
}

func (b *rebuild) putBlob(sum chain.Hash) error {
	for n := uint32(0); ; n++ {
		f, ok := b.s.blobs[part{sum, n}]
		if !ok {
			return b.ctx.Err()
		}
		value, err := b.s.read(f)
		if err != nil {
			return err
		}
		if err := b.loader.blobPart(sum, int(n), bytes.Clone(value)); err != nil {
			return err
		}
	}
}

// report says what has become of all.
func (b *rebuild) report() {
	d := &b.done
	d.Blocks, d.Lost, d.Blobs, d.Stranded, d.Gaps = b.blocks, b.lost, b.blobs, b.strands, b.s.gaps
	d.Origin, d.Unsealed, d.Signer = b.s.origin.Checkpoint, b.s.unsealed, b.loader.log.seal.checkpoint().Signer
	d.Records, d.Events = b.loader.records, b.loader.events
	for _, m := range b.missing {
		d.Missing = append(d.Missing, m)
	}
	slices.SortFunc(d.Missing, func(x, y MissingBlob) int { return bytes.Compare(x.Sum[:], y.Sum[:]) })
	ids := map[chain.ID]bool{}
	for id, p := range b.actors {
		if ids[id] = true; p.next > 0 {
			d.Actors++
		}
	}
	for id := range b.s.summaries {
		ids[id] = true
	}
	for id := range ids {
		c, ok := b.cut(id)
		if !ok {
			continue
		}
		c.Path = b.s.summaries[id].Path
		if p := b.actors[id]; p != nil && p.path != "" {
			c.Path = p.path
		}
		d.Cuts = append(d.Cuts, c)
	}
	slices.SortFunc(d.Cuts, func(x, y Cut) int { return bytes.Compare(x.Actor[:], y.Actor[:]) })
}

// cut is what an actor loses; ok is false when that is nothing.
func (b *rebuild) cut(id chain.ID) (c Cut, ok bool) {
	p := b.actors[id]
	switch {
	case p == nil:
		c = Cut{Reason: CutLost, Detail: "its records are in no block that is left"}
	case p.cut != nil:
		c = *p.cut
		c.Kept = p.next
	default:
		c = Cut{Kept: p.next, Reason: CutLost, Detail: fmt.Sprintf("record %d is in no block that is left", p.next)}
	}
	c.Actor, c.Had = id, b.had(id)
	return c, c.Kept < c.Had
}
