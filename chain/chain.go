// Package chain is what is written down about an actor: its records and their
// events, how they are encoded and hashed, how they are verified, and the Log
// they are kept in.
//
// A chain is the sequence of one actor's records, numbered from 0, each linked
// to the one before by its hash. FORMAT.md gives every byte.
//
// The package is pure data. It opens no file, starts no goroutine, reads no
// clock and draws no randomness. Anyone may import it.
package chain

// Version is the version of FORMAT.md that this package writes.
const Version = 1

// Record is what is appended and hashed: the events of a whole turn, or of a
// part of one. A record that was appended or read is not modified afterwards.
type Record struct {
	Actor  ID
	Number uint64 // 0 is the genesis
	Epoch  uint64 // of the writer that appended it
	Events []Event
	Prev   Hash // hash of record Number-1; zero for record 0
	Hash   Hash
}

// Ref names one event: the record of an actor and the event's index in it.
// The zero Ref names nothing.
type Ref struct {
	Actor  ID
	Record uint64
	Index  uint32
}

// IsZero reports whether r names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }
