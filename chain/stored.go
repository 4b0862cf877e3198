package chain

import (
	"bytes"
	"fmt"
	"iter"
)

// Stored is a record as a log keeps it: with its events encoded, with its own
// hash and without the previous one, which is the hash of the record before.
type Stored struct {
	Actor  ID
	Number uint64
	Epoch  uint64
	Hash   Hash
	Note   string // what is not hashed: the result's Text, or else the genesis's Folder
	Events []byte // what AppendEvents writes
}

// Store encodes a record for keeping. Hash is taken over as it is.
func Store(r Record) (Stored, error) {
	events, err := AppendEvents(nil, r.Events)
	if err != nil {
		return Stored{}, err
	}
	return Stored{Actor: r.Actor, Number: r.Number, Epoch: r.Epoch, Hash: r.Hash, Note: Note(r.Events), Events: events}, nil
}

// Note is what is kept beside events and not hashed: the text of their result, or,
// where they have none, the folder of their genesis.
func Note(events []Event) string {
	if at := noted(events); at != nil {
		return *at
	}
	return ""
}

// noted is where events have their note, nil where none has one.
func noted(events []Event) *string {
	var folder *string
	for _, e := range events {
		switch e := e.(type) {
		case *Result:
			return &e.Text
		case *Genesis:
			folder = &e.Folder
		}
	}
	return folder
}

// Append appends the stored form to dst.
func (s *Stored) Append(dst []byte) []byte {
	dst = append(dst, s.Actor[:]...)
	dst = appendUint(dst, s.Number)
	dst = appendUint(dst, s.Epoch)
	dst = append(dst, s.Hash[:]...)
	dst = appendString(dst, s.Note)
	return appendBytes(dst, s.Events)
}

// DecodeStored reads one stored record from the front of b and returns what
// follows it. Events alias b and are not looked into.
func DecodeStored(b []byte) (s Stored, rest []byte, err error) {
	d := decoder{b: b}
	copy(s.Actor[:], d.take(16))
	s.Number, s.Epoch, s.Hash = d.uint(), d.uint(), d.hash()
	s.Note = d.string()
	s.Events = d.bytes()
	if d.problem != "" {
		return Stored{}, nil, fmt.Errorf("stored record: %s: %w", d.problem, ErrCorrupt)
	}
	return s, d.b, nil
}

// Record decodes the events of s; prev is the hash of the record before. The
// record shares no memory with s.
func (s *Stored) Record(prev Hash) (Record, error) {
	events, err := DecodeEvents(bytes.Clone(s.Events))
	if err != nil {
		return Record{}, fmt.Errorf("actor %s record %d: %w", s.Actor, s.Number, err)
	}
	if err := putNote(events, s.Note); err != nil {
		return Record{}, fmt.Errorf("actor %s record %d: %w", s.Actor, s.Number, err)
	}
	return Record{Actor: s.Actor, Number: s.Number, Epoch: s.Epoch, Events: events, Prev: prev, Hash: s.Hash}, nil
}

// Encoded is one event of a stored record as it is written.
type Encoded struct {
	Index uint32 // in its record
	Kind  string // as KindOf names it
	Bytes []byte // as AppendEvent writes it; part of the record's Events
}

// All yields the events of s in order. An error, of bytes that are not in the
// format, is the last thing it yields.
func (s *Stored) All() iter.Seq2[Encoded, error] {
	return func(yield func(Encoded, error) bool) {
		d := decoder{b: s.Events}
		count := d.uint()
		for i := uint64(0); i < count && d.problem == ""; i++ {
			from := d.b
			ev := d.event()
			n := len(from) - len(d.b)
			if d.problem == "" && !yield(Encoded{Index: uint32(i), Kind: KindOf(ev), Bytes: from[:n:n]}, nil) {
				return
			}
		}
		if len(d.b) > 0 {
			d.fail("bytes after the last event")
		}
		if d.problem != "" {
			yield(Encoded{}, fmt.Errorf("actor %s record %d: %s: %w", s.Actor, s.Number, d.problem, ErrCorrupt))
		}
	}
}

func putNote(events []Event, note string) error {
	if note == "" {
		return nil
	}
	at := noted(events)
	if at == nil {
		return fmt.Errorf("a note without a result or a genesis: %w", ErrCorrupt)
	}
	*at = note
	return nil
}

// Sum computes the hash of s after the record whose hash is prev.
func (s *Stored) Sum(prev Hash) Hash {
	return HashEvents(s.Actor, s.Number, prev, s.Epoch, s.Events)
}
