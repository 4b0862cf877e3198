package chain

import (
	"context"
	"iter"
)

// Log is the unit of order, durability and epoch: it keeps the chains of many
// actors in the order in which their records were appended. What survives a
// crash is a prefix of that order. A Log is safe for concurrent use.
type Log interface {
	Tailer

	// Writer takes the log's only writer and begins a new epoch. It is
	// ErrWriterHeld until the writer before was closed.
	Writer(ctx context.Context) (Writer, error)

	// Close ends the log and its writer. What was appended is written first.
	Close() error
}

// Reader reads a log, also while it is written. It sees everything that was
// acknowledged. What it returns must not be modified.
type Reader interface {
	// Actors yields every actor of the log, ordered by id.
	Actors(ctx context.Context) iter.Seq2[Summary, error]

	// Summary is ErrNotFound for an actor that the log does not know.
	Summary(ctx context.Context, id ID) (Summary, error)

	// Records yields the records of an actor from number from up to the newest
	// when it was called; none when from is past that. An actor that the log
	// does not know is ErrNotFound. An error is the last thing it yields.
	Records(ctx context.Context, id ID, from uint64) iter.Seq2[Record, error]

	// Blob returns the bytes with that sha256, or ErrNotFound.
	Blob(ctx context.Context, sum Hash) ([]byte, error)
}

// Tailer is a Reader that tells of what comes.
type Tailer interface {
	Reader

	// Tail yields what the log comes to keep from the call on, of all actors and in
	// the order of the log: nothing is left out, nothing comes twice, and nothing
	// comes that could be lost once it was read. It waits for more, over the ends of
	// writers, until ctx is done or the log has stopped or is closed, and yields the
	// error that says so. The writer never waits for who reads: what he has not come
	// to is on the log, and each lot says how much that is. Follow is for one actor.
	Tail(ctx context.Context) iter.Seq2[Lot, error]
}

// Writer appends to a log. It is safe for concurrent use; the records of one
// actor must come from one goroutine at a time. When a record cannot be
// written the log stops: every later call returns the same error.
type Writer interface {
	// Epoch is the number of this writer, greater than that of any before.
	Epoch() uint64

	// Reserve admits one turn: it waits until the log has room for so many
	// bytes more. They count until they are released. On a disk that is too full
	// it does not wait, and is ErrNoSpace.
	Reserve(ctx context.Context, bytes int) error

	// Room is why no turn is admitted now, so that nothing need be begun that
	// cannot go on: ErrNoSpace for a time, or what has stopped the writer. It never
	// waits, and promises nothing to a later Reserve.
	Room() error

	// Release gives back what was reserved.
	Release(bytes int)

	// Append enqueues a record, which must be its actor's next one (else
	// ErrNumber) and in the format (else ErrEncode). It never waits, and the
	// draft is the log's from then on, whatever it returns. When Append returns
	// nil, ack, which may be nil, is told once what became of the record, in the
	// order of the appends.
	Append(d *Draft, ack Acknowledger) error

	// PutBlob enqueues b before any later append and returns its sha256. A blob
	// that the log has is not written again. b must not change any more.
	PutBlob(b []byte) Hash

	// DropBlob has the log forget a blob, in its place in the order of the
	// appends. It is for those that nobody else can have put, as checkpoints.
	DropBlob(sum Hash)

	// Hurry says that someone waits for what was appended: a log may gather
	// records for some milliseconds, to keep many at once.
	Hurry()

	// Flush waits until everything appended before is acknowledged.
	Flush(ctx context.Context) error

	// Close writes what was appended and gives the writer back. It may be
	// called twice.
	Close() error
}

// Acknowledger is told what became of a record that was appended: err is nil
// once the log keeps it in its durability, or else what stopped the log. rec is
// valid during the call only, and after an error no more than its actor and
// number. Acknowledged must not wait and may append.
type Acknowledger interface {
	Acknowledged(rec *Stored, err error)
}
