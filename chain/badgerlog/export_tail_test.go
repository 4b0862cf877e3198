package badgerlog

import "github.com/dgraph-io/badger/v4"

// RecentSize is how many bytes of blocks are kept for tails.
const RecentSize = recentSize

// Recent is how many bytes of blocks are kept for tails now, and how many blocks
// tails have read from the database.
func (l *Log) Recent() (size int, fetched uint64) {
	l.recent.mu.Lock()
	defer l.recent.mu.Unlock()
	return l.recent.size, l.recent.fetched
}

// Damage makes a block something else.
func (l *Log) Damage(block uint64) error {
	return l.db.Update(func(txn *badger.Txn) error { return txn.Set(blockKey(block), []byte("nonsense")) })
}
