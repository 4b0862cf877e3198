package chain

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// Hash is a sha256: of a record, of a blob, or of a sealed payload's opening.
type Hash [sha256.Size]byte

// ParseHash reads 64 hex digits.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) != 2*len(h) {
		return Hash{}, errors.New("a hash has 64 hex digits")
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return Hash{}, fmt.Errorf("parse hash: %w", err)
	}
	return h, nil
}

// IsZero reports whether h is the hash of nothing.
func (h Hash) IsZero() bool { return h == Hash{} }

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the form of String.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads the form of String.
func (h *Hash) UnmarshalText(b []byte) error {
	v, err := ParseHash(string(b))
	if err == nil {
		*h = v
	}
	return err
}

// recordTag separates a record's preimage from everything else that is hashed.
const recordTag = "theater/record/1"

// preimageHeader is the length of a record's preimage before its events.
const preimageHeader = len(recordTag) + 16 + 8 + 32 + 8

// HashEvents is the hash of a record whose events are already encoded.
func HashEvents(actor ID, number uint64, prev Hash, epoch uint64, events []byte) Hash {
	var short [1024]byte
	b := short[:0]
	if n := preimageHeader + len(events); n > len(short) {
		b = make([]byte, 0, n)
	}
	b = appendPreimage(b, actor, number, prev, epoch)
	return sha256.Sum256(append(b, events...))
}

// appendPreimage appends the preimageHeader bytes that come before the events.
func appendPreimage(b []byte, actor ID, number uint64, prev Hash, epoch uint64) []byte {
	b = append(b, recordTag...)
	b = append(b, actor[:]...)
	b = binary.BigEndian.AppendUint64(b, number)
	b = append(b, prev[:]...)
	return binary.BigEndian.AppendUint64(b, epoch)
}
