package chain

import (
	"bytes"
	"context"
	"fmt"
)

const (
	// No other blob of a log begins so: they are guests' values, openings, modules,
	// manifests and lists of hashes. So nobody else can have put a checkpoint.
	checkpointMagic   = "thC\x01"
	checkpointVersion = 2 // 1 has no fuel

	// minCrossing is the length of the shortest encoded crossing.
	minCrossing = 4
)

// Checkpoint is what an actor is between two turns, so that what its chain has
// before need not be executed to go on from there. It is kept as a blob that a
// lifecycle event of the chain names.
type Checkpoint struct {
	Actor  ID
	Record uint64 // in which the event stands
	// Salt is drawn anew for each checkpoint of a sealed actor, whose chain must
	// not confirm what somebody guesses. It is zero for others.
	Salt Hash

	Turns    uint64 // that are closed since genesis
	Fuel     uint64 // spent by them, as far as that is known: 0 in a checkpoint of version 1
	Restarts uint64 // since genesis
	Began    int64  // time of the last restart with which all declared children began too; 0 is none
	// Crossings restore what the actor's handlers know of it.
	Crossings []Crossing
	State     []byte // of the actor, as CGRF
	Machine   []byte // its instance, as package wasm writes it down
}

// Crossing is a call of a host function that a handler must know to go on.
type Crossing struct {
	Interface, Function string
	Input, Output       []byte // CGRF
}

// Append appends the written form of c to dst.
func (c *Checkpoint) Append(dst []byte) []byte {
	dst = append(append(dst, checkpointMagic...), checkpointVersion)
	dst = append(dst, c.Actor[:]...)
	dst = appendUint(dst, c.Record)
	dst = append(dst, c.Salt[:]...)
	dst = appendUint(dst, c.Turns)
	dst = appendUint(dst, c.Fuel)
	dst = appendUint(dst, c.Restarts)
	dst = appendTime(dst, c.Began)
	dst = appendUint(dst, uint64(len(c.Crossings)))
	for _, x := range c.Crossings {
		dst = appendString(appendString(dst, x.Interface), x.Function)
		dst = appendBytes(appendBytes(dst, x.Input), x.Output)
	}
	return appendBytes(appendBytes(dst, c.State), c.Machine)
}

// IsCheckpoint reports whether a blob that begins with b is a checkpoint.
func IsCheckpoint(b []byte) bool { return bytes.HasPrefix(b, []byte(checkpointMagic)) }

// DecodeCheckpoint reads what Append wrote, all of b and nothing else: other bytes
// are ErrCorrupt, and those of a later version ErrVersion. The checkpoint aliases b.
func DecodeCheckpoint(b []byte) (*Checkpoint, error) {
	d := decoder{b: b}
	if string(d.take(uint64(len(checkpointMagic)))) != checkpointMagic {
		d.fail("it begins with other bytes")
	}
	version := d.byte()
	if d.problem == "" && (version < 1 || version > checkpointVersion) {
		return nil, fmt.Errorf("checkpoint of version %d: %w", version, ErrVersion)
	}
	c := &Checkpoint{}
	copy(c.Actor[:], d.take(16))
	c.Record, c.Salt = d.uint(), d.hash()
	c.Turns = d.uint()
	if version > 1 {
		c.Fuel = d.uint()
	}
	c.Restarts, c.Began = d.uint(), d.time()
	n := d.uint()
	if n > uint64(len(d.b)/minCrossing) {
		d.fail("more crossings than bytes")
	}
	for range n {
		if d.problem != "" {
			break
		}
		c.Crossings = append(c.Crossings, Crossing{d.string(), d.string(), d.bytes(), d.bytes()})
	}
	c.State, c.Machine = d.bytes(), d.bytes()
	if len(d.b) > 0 {
		d.fail("bytes are left over")
	}
	if d.problem != "" {
		return nil, fmt.Errorf("checkpoint: %s: %w", d.problem, ErrCorrupt)
	}
	return c, nil
}

// LoadCheckpoint fetches a checkpoint of an actor from r and checks it. One that is
// not kept any more is ErrNotFound.
func LoadCheckpoint(ctx context.Context, r Reader, id ID, at Marker) (*Checkpoint, error) {
	b, err := LoadBlob(ctx, r, at.Sum)
	if err != nil {
		return nil, err
	}
	c, err := DecodeCheckpoint(b)
	switch {
	case err != nil:
		return nil, err
	case c.Actor != id || c.Record != at.Record:
		return nil, fmt.Errorf("the checkpoint is of record %d of actor %s: %w", c.Record, c.Actor, ErrCorrupt)
	}
	return c, nil
}
