package chain

import (
	"context"
	"crypto/sha256"
	"fmt"
)

const (
	// InlineMax is the largest payload kept in its record, in bytes.
	InlineMax = 4096
	// StateInlineMax is the largest state kept in its record, in bytes.
	StateInlineMax = 1024

	sealTag = "theater/sealed/1"
)

// Form is how a payload is kept.
type Form uint8

// The forms of a payload.
const (
	FormInline Form = iota // Bytes
	FormBlob               // Sum is the sha256 of the bytes, which are a blob
	FormSealed             // Sum commits to the bytes, which only their holder can show
	FormNotice             // Sum names the event that the bytes tell of; see NoticePayload
)

// Payload is a value that crossed the sandbox, in the guest's own CGRF bytes.
// The zero Payload is the absence of a value. Length is used by all forms but
// inline.
type Payload struct {
	Form   Form
	Bytes  []byte
	Sum    Hash
	Length uint64
}

// NewPayload keeps b inline, or names it as a blob when it is longer than
// InlineMax; the blob is then the caller's to put. It does not copy b.
func NewPayload(b []byte) Payload {
	if len(b) <= InlineMax {
		return Payload{Bytes: b}
	}
	return BlobPayload(sha256.Sum256(b), uint64(len(b)))
}

// PutPayload is NewPayload that also hands a blob to w. It does not copy b,
// which must not change any more.
func PutPayload(w interface{ PutBlob([]byte) Hash }, b []byte) Payload {
	if len(b) <= InlineMax {
		return Payload{Bytes: b}
	}
	return BlobPayload(w.PutBlob(b), uint64(len(b)))
}

// BlobPayload names a blob by its sha256 and its length, which is over
// InlineMax.
func BlobPayload(sum Hash, length uint64) Payload {
	return Payload{Form: FormBlob, Sum: sum, Length: length}
}

// Seal commits to b without showing it. The opening is what shows b later: put
// as a blob, it is found under the payload's own Sum. The salt must be drawn
// anew for every payload.
func Seal(salt [32]byte, b []byte) (p Payload, opening []byte) {
	opening = make([]byte, 0, len(sealTag)+len(salt)+len(b))
	opening = append(opening, sealTag...)
	opening = append(opening, salt[:]...)
	opening = append(opening, b...)
	return Payload{Form: FormSealed, Sum: sha256.Sum256(opening), Length: uint64(len(b))}, opening
}

// IsZero reports whether p is the absence of a value.
func (p Payload) IsZero() bool {
	return p.Form == FormInline && len(p.Bytes) == 0
}

// Size is the length of the value in bytes, wherever it is kept.
func (p Payload) Size() uint64 {
	if p.Form == FormInline {
		return uint64(len(p.Bytes))
	}
	return p.Length
}

// Load returns the bytes of p, fetching a blob, an opening or the record of an
// event from r and checking it. What is not kept, as the opening of a sealed
// payload may be, is ErrNotFound. The result must not be modified.
func (p Payload) Load(ctx context.Context, r Reader) ([]byte, error) {
	switch p.Form {
	case FormInline:
		return p.Bytes, nil
	case FormNotice:
		return p.loadNotice(ctx, r)
	}
	b, err := LoadBlob(ctx, r, p.Sum)
	if err != nil {
		return nil, err
	}
	if p.Form == FormSealed {
		head := len(sealTag) + 32
		if len(b) < head || string(b[:len(sealTag)]) != sealTag {
			return nil, fmt.Errorf("payload %s: not an opening: %w", p.Sum, ErrCorrupt)
		}
		b = b[head:]
	}
	if uint64(len(b)) != p.Length {
		return nil, fmt.Errorf("payload %s: %d bytes, not %d: %w", p.Sum, len(b), p.Length, ErrCorrupt)
	}
	return b, nil
}

// LoadBlob fetches a blob from r and checks its hash. The result must not be
// modified.
func LoadBlob(ctx context.Context, r Reader, sum Hash) ([]byte, error) {
	b, err := r.Blob(ctx, sum)
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", sum, err)
	}
	if sha256.Sum256(b) != sum {
		return nil, fmt.Errorf("blob %s: bytes have another hash: %w", sum, ErrCorrupt)
	}
	return b, nil
}

// StateRef is an actor's state after a closed turn: its bytes while they are
// few, else their sha256 and length. The state's bytes are not kept as a blob:
// a replay computes them. The zero StateRef is "as before".
type StateRef struct {
	Sum    Hash // not written when Inline is set
	Length uint64
	Inline []byte
	Sealed bool // Sum commits to the state as Seal does
}

// NewState refers to state, inline up to StateInlineMax bytes. It does not
// copy state.
func NewState(state []byte) StateRef {
	if len(state) <= StateInlineMax {
		return StateRef{Inline: state, Length: uint64(len(state))}
	}
	return StateRef{Sum: sha256.Sum256(state), Length: uint64(len(state))}
}

// SealState refers to state without showing it, as Seal does.
func SealState(salt [32]byte, state []byte) (s StateRef, opening []byte) {
	p, opening := Seal(salt, state)
	return StateRef{Sum: p.Sum, Length: p.Length, Sealed: true}, opening
}

// IsZero reports whether the state is as before.
func (s StateRef) IsZero() bool { return len(s.Inline) == 0 && s.Length == 0 && !s.Sealed }
