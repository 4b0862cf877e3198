package badgerlog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/dgraph-io/badger/v4"

	"github.com/theater-go/theater/chain"
)

// shard checks the chains of its share of the actors. Its fields belong to run until
// that has ended.
type shard struct {
	v        *verification
	number   int
	blocks   chan *readBlock
	verifier *chain.Verifier
	chains   map[chain.ID]*chainCheck
	damage   []Damage
}

// chainCheck is how far a chain has been checked.
type chainCheck struct {
	records uint64 // that were in order
	events  uint64 // in those
	broken  bool   // what comes is not checked any more
	block   uint64 // of the place before, in the same page
	page    uint32 // crc32c of the index page, as far as it goes
}

func newShard(v *verification) *shard {
	return &shard{v: v, number: len(v.shards), blocks: make(chan *readBlock, 4),
		verifier: chain.NewVerifier(v.log), chains: map[chain.ID]*chainCheck{}}
}

// holds reports whether an actor is of the shard's share.
func (s *shard) holds(id chain.ID) bool {
	return int(binary.BigEndian.Uint32(id[12:])%uint32(len(s.v.shards))) == s.number
}

func (s *shard) run(ctx context.Context) {
	for b := range s.blocks {
		for i := range b.records {
			if s.holds(b.records[i].Actor) && ctx.Err() == nil {
				s.record(ctx, &b.records[i], b.places[i])
			}
		}
		if b.users.Add(-1) == 0 {
			s.v.pool.Put(b)
		}
	}
	for id, c := range s.chains {
		if ctx.Err() == nil && !c.broken {
			s.end(id, c)
		}
	}
}

func (s *shard) record(ctx context.Context, rec *chain.Stored, at place) {
	c := s.chains[rec.Actor]
	if c == nil {
		c = &chainCheck{}
		s.chains[rec.Actor] = c
	}
	if c.broken {
		return
	}
	events, err := s.verifier.Next(ctx, rec)
	if err == nil {
		c.records++
		c.events += uint64(events)
		c.add(at)
		if c.records%pageSize == 0 {
			err = s.fullPage(rec.Actor, c)
		}
	}
	if err != nil {
		s.broken(rec.Actor, c, err)
	}
}

func (s *shard) broken(id chain.ID, c *chainCheck, err error) {
	c.broken = true
	s.damage = append(s.damage, Damage{Block: -1, Actor: id, Record: c.records, Err: err})
}

// add puts a place into the sum of the page.
func (c *chainCheck) add(at place) {
	var b [2 * binary.MaxVarintLen64]byte
	n := binary.PutUvarint(b[:], at.block-c.block)
	n += binary.PutUvarint(b[n:], uint64(at.offset))
	c.page, c.block = crc32.Update(c.page, castagnoli, b[:n]), at.block
}

// fullPage compares the page that is full with that of the index.
func (s *shard) fullPage(id chain.ID, c *chainCheck) error {
	first := c.records - pageSize
	sum := c.page
	c.page, c.block = 0, 0
	err := s.v.log.view(func(txn *badger.Txn) error {
		return get(txn, pageKey(id, first), func(b []byte) error {
			if _, err := unseal(b); err != nil {
				return err
			}
			if binary.BigEndian.Uint32(b[len(b)-4:]) != sum {
				return fmt.Errorf("it has other places: %w", chain.ErrCorrupt)
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("actor %s: index page of record %d: %w", id, first, damaged(err))
	}
	return nil
}

// end compares the end of a chain with that of the index. That may be further on, in
// blocks that were committed after the verification began.
func (s *shard) end(id chain.ID, c *chainCheck) {
	t, err := s.v.log.index.tail(id)
	switch {
	case err != nil:
		err = damaged(fmt.Errorf("index: %w", err))
	case t.summary.Records < c.records:
		err = fmt.Errorf("the index has %d of %d records: %w", t.summary.Records, c.records, chain.ErrCorrupt)
	default:
		err = s.lastPage(t, c)
	}
	if err != nil {
		s.broken(id, c, fmt.Errorf("actor %s: %w", id, err))
	}
}

func (s *shard) lastPage(t tail, c *chainCheck) error {
	r := newRecordReader(s.v.log, t)
	var page chainCheck
	for n := c.records - c.records%pageSize; n < c.records; n++ {
		at, err := r.place(n)
		if err != nil {
			return fmt.Errorf("record %d: %w", n, err)
		}
		page.add(at)
	}
	if page.page != c.page {
		return fmt.Errorf("index page of record %d: it has other places: %w", c.records-c.records%pageSize, chain.ErrCorrupt)
	}
	if t.summary.Records == c.records {
		if _, head := s.verifier.Chain(t.summary.ID); head != t.summary.Head {
			return fmt.Errorf("the index has %s as hash of its last record: %w", t.summary.Head, chain.ErrCorrupt)
		}
		return nil
	}
	if at, err := r.place(c.records); err != nil || at.block < s.v.total {
		return errors.Join(err, fmt.Errorf("record %d is missing: %w", c.records, chain.ErrCorrupt))
	}
	return nil
}

// holdAgainstIndex looks for actors that the index knows and the blocks do not, and sums
// up.
func (v *verification) holdAgainstIndex(ctx context.Context) error {
	for s, err := range v.log.Actors(ctx) {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			v.report.Damage = append(v.report.Damage, Damage{Block: -1, Err: err})
		case !v.knows(s.ID) && v.missing(s):
			v.report.Damage = append(v.report.Damage, Damage{Block: -1, Actor: s.ID,
				Err: fmt.Errorf("actor %s: the index has %d records, the blocks none: %w", s.ID, s.Records, chain.ErrCorrupt)})
		}
	}
	v.report.Records = 0
	for _, s := range v.shards {
		for _, c := range s.chains {
			if !c.broken {
				v.report.Actors++
				v.report.Records += c.records
				v.report.Events += c.events
			}
		}
		v.report.Damage = append(v.report.Damage, s.damage...)
	}
	return nil
}

func (v *verification) knows(id chain.ID) bool {
	for _, s := range v.shards {
		if s.holds(id) {
			return s.chains[id] != nil
		}
	}
	return false
}

// missing reports whether an actor's first record should be in the blocks that were
// verified.
func (v *verification) missing(s chain.Summary) bool {
	t, err := v.log.index.tail(s.ID)
	if err != nil {
		return true
	}
	r := newRecordReader(v.log, t)
	at, err := r.place(0)
	return err != nil || at.block < v.total
}
