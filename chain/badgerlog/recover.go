package badgerlog

import (
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/theater-go/theater/chain"
)

// recover replays the blocks from the watermark on into the index, which after
// a crash does not have them, and finds the end of the log. A last block that
// was not wholly written is dropped: nothing after it was. The next flush of the index
// has what was replayed.
func (l *Log) recover() error {
	var watermark uint64
	err := l.view(func(txn *badger.Txn) (err error) {
		if l.epoch, err = counter(txn, epochKey); err == nil {
			watermark, err = counter(txn, watermarkKey)
		}
		return err
	})
	if err != nil {
		return err
	}
	l.blocks = watermark
	var leaves []tlog.Hash
	for {
		leaf, err := l.replay(l.blocks)
		if errors.Is(err, chain.ErrNotFound) {
			break
		}
		if err != nil {
			return fmt.Errorf("replay block %d: %w", l.blocks, err)
		}
		leaves = append(leaves, leaf)
		l.blocks++
	}
	if err := l.seal.reconcile(l, leaves); err != nil {
		return err
	}
	if err := l.dropTail(); err != nil || l.readOnly || l.blocks == watermark {
		return err
	}
	l.logger.Info("rebuilt the index after a crash", "blocks", l.blocks-watermark)
	return nil
}

// replay adds one block to the index and returns its leaf. A block that is absent, or is
// damaged and the last, is chain.ErrNotFound.
func (l *Log) replay(number uint64) (leaf tlog.Hash, err error) {
	var records []byte
	var count uint32
	err = l.view(func(txn *badger.Txn) error {
		err := get(txn, blockKey(number), func(b []byte) (err error) {
			records, count, err = decodeBlock(number, b, nil)
			return err
		})
		l.behind += len(records)
		if errors.Is(err, chain.ErrCorrupt) {
			if _, after := txn.Get(blockKey(number + 1)); errors.Is(after, badger.ErrKeyNotFound) {
				return chain.ErrNotFound
			}
		}
		return err
	})
	if err != nil {
		return leaf, err
	}
	return eachRecord(number, records, count, func(s *chain.Stored, at place) error {
		if err := l.index.replay(s, at); err != nil {
			return fmt.Errorf("actor %s record %d: %w", s.Actor, s.Number, err)
		}
		return nil
	})
}

// replay adds one record to the index, unless it is there. Nobody else has the
// index yet.
func (x *index) replay(s *chain.Stored, at place) error {
	h, err := x.writable(s.Actor)
	if err != nil {
		return err
	}
	if s.Number < h.next {
		return nil
	}
	if s.Number > h.next {
		return fmt.Errorf("record %d is missing: %w", h.next, chain.ErrCorrupt)
	}
	if s.Sum(h.hash) != s.Hash {
		return fmt.Errorf("its content has another hash: %w", chain.ErrCorrupt)
	}
	rec, err := s.Record(h.hash)
	if err != nil {
		return err
	}
	h.seen.summary.Apply(rec)
	h.add(at)
	h.showLocked()
	h.next, h.hash, h.dirty = rec.Number+1, rec.Hash, true
	return nil
}

// dropTail removes what stands where the next block will be.
func (l *Log) dropTail() error {
	key := blockKey(l.blocks)
	err := l.view(func(txn *badger.Txn) error {
		_, err := txn.Get(key)
		return err
	})
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read block %d: %w", l.blocks, err)
	}
	l.logger.Warn("dropped the last block, which was not wholly written", "block", l.blocks)
	if l.readOnly {
		return nil
	}
	return l.write(func(b *batch) { b.remove(key) })
}
