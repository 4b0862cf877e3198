package badgerlog

import (
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"github.com/theater-go/theater/chain"
)

// batch writes entries in order: in one transaction while they fit, else in
// several, of which a crash keeps a prefix.
type batch struct {
	db  *badger.DB
	txn *badger.Txn
	err error
}

// set adds an entry; key and value are the batch's from now on.
func (b *batch) set(key, value []byte) {
	b.add(func() error { return b.txn.Set(key, value) })
}

// remove adds the removal of an entry, there or not; key is the batch's from now
// on.
func (b *batch) remove(key []byte) {
	b.add(func() error { return b.txn.Delete(key) })
}

// add makes a change, in another transaction where it does not fit in this one.
func (b *batch) add(change func() error) {
	if b.err != nil {
		return
	}
	b.err = change()
	if errors.Is(b.err, badger.ErrTxnTooBig) {
		if b.err = b.txn.Commit(); b.err == nil {
			b.txn = b.db.NewTransaction(true)
			b.err = change()
		}
	}
}

// fence refuses the entries of a writer that a newer one has followed, as the
// database says.
func (b *batch) fence(epoch uint64) {
	b.add(func() error {
		newest, err := counter(b.txn, epochKey)
		if err == nil && newest > epoch {
			err = fmt.Errorf("epoch %d, the newest is %d: %w", epoch, newest, chain.ErrStaleWriter)
		}
		return err
	})
}

// writeAs is write for the writer of an epoch.
func (l *Log) writeAs(epoch uint64, fill func(*batch)) error {
	return l.write(func(b *batch) {
		if b.fence(epoch); b.err == nil {
			fill(b)
		}
	})
}

// write commits the entries that fill sets.
func (l *Log) write(fill func(*batch)) error {
	l.life.RLock()
	defer l.life.RUnlock()
	if l.closed {
		return chain.ErrClosed
	}
	b := &batch{db: l.db, txn: l.db.NewTransaction(true)}
	fill(b)
	defer func() { b.txn.Discard() }()
	if b.err == nil {
		b.err = b.txn.Commit()
	}
	if b.err != nil {
		return fmt.Errorf("write database: %w", b.err)
	}
	return nil
}
