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
	db   *badger.DB
	txn  *badger.Txn
	err  error
	step step            // nil but in tests
	what map[string]bool // the beginnings of the keys that the transaction writes
}

// step is told of a transaction before it is committed and when it is done. Its error
// becomes that of the commit.
type step func(what map[string]bool, done bool) error

// set adds an entry; key and value are the batch's from now on.
func (b *batch) set(key, value []byte) {
	b.add(key, func() error { return b.txn.Set(key, value) })
}

// remove adds the removal of an entry, there or not; key is the batch's from now
// on.
func (b *batch) remove(key []byte) {
	b.add(key, func() error { return b.txn.Delete(key) })
}

// add makes a change, in another transaction where it does not fit in this one.
func (b *batch) add(key []byte, change func() error) {
	if b.err != nil {
		return
	}
	b.err = change()
	if errors.Is(b.err, badger.ErrTxnTooBig) {
		if b.err = b.commit(); b.err == nil {
			b.txn = b.db.NewTransaction(true)
			b.err = change()
		}
	}
	if b.step != nil {
		if b.what == nil {
			b.what = map[string]bool{}
		}
		b.what[string(key[:2])] = true
	}
}

// commit writes the transaction.
func (b *batch) commit() error {
	if b.step == nil {
		return b.txn.Commit()
	}
	what := b.what
	b.what = nil
	if err := b.step(what, false); err != nil {
		return err
	}
	if err := b.txn.Commit(); err != nil {
		return err
	}
	return b.step(what, true)
}

// write commits the entries that fill sets. In a database that a newer writer has
// taken than this log knows of, which is chain.ErrStaleWriter, it writes nothing.
func (l *Log) write(fill func(*batch)) error {
	l.life.RLock()
	defer l.life.RUnlock()
	if l.closed {
		return chain.ErrClosed
	}
	b := &batch{db: l.db, txn: l.db.NewTransaction(true), step: l.limits.step}
	defer func() { b.txn.Discard() }()
	if b.err = l.fenced(b.txn); b.err == nil {
		fill(b)
	}
	if b.err == nil {
		b.err = b.commit()
	}
	if b.err != nil {
		return fmt.Errorf("write database: %w", b.err)
	}
	return nil
}

// fenced is chain.ErrStaleWriter when the database has a newer epoch than the log.
func (l *Log) fenced(txn *badger.Txn) error {
	known := l.fence.Load()
	if known == 0 { // the log is being opened
		return nil
	}
	newest, err := counter(txn, epochKey)
	if err == nil && newest > known {
		err = fmt.Errorf("epoch %d, the newest is %d: %w", known, newest, chain.ErrStaleWriter)
	}
	return err
}
