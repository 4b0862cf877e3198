package actors

import (
	"bytes"
	"io"

	"github.com/theater-go/theater/chain"
)

// payload keeps bytes that crossed the sandbox: in the record, as a blob when
// they are many, or sealed when the manifest says so. Bytes in the record are
// not copied: b must not change before the event is written down.
func (p *process) payload(b []byte) chain.Payload {
	if len(b) == 0 {
		return chain.Payload{}
	}
	if !p.control.manifest.Chain.Sealed {
		if len(b) > chain.InlineMax {
			b = bytes.Clone(b)
		}
		return chain.PutPayload(p.writer, b)
	}
	sealed, opening := chain.Seal(p.salt(), b)
	p.writer.PutBlob(opening)
	return sealed
}

// state refers to the actor's state after a turn.
func (p *process) state(b []byte) chain.StateRef {
	if !p.control.manifest.Chain.Sealed {
		return chain.NewState(b)
	}
	sealed, opening := chain.SealState(p.salt(), b)
	p.writer.PutBlob(opening)
	return sealed
}

// words are text for people that may quote the guest. A sealed chain has none.
func (p *process) words(text string) string {
	if p.control.manifest.Chain.Sealed {
		return ""
	}
	return text
}

// salt is drawn anew for every sealed payload. Without randomness the process
// panics rather than seal with a salt that can be guessed.
func (p *process) salt() (salt [32]byte) {
	if _, err := io.ReadFull(p.system.config.Random, salt[:]); err != nil {
		panic(err)
	}
	return salt
}
