package replay

import (
	"fmt"
	"unicode/utf8"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm/pack"
)

// Divergence says where an execution is not what its chain says.
type Divergence struct {
	Turn   uint64 // the record in which the turn begins, or in which the checkpoint stands
	Record uint64 // in which the chain has the event that differs
	Index  uint32 // of that event in its record
	What   string // how it differs

	// Recorded is that event, and Replayed what was done in its place; nil is
	// nothing. Replayed has the indexes of the module that was run, and holds its
	// values itself, however long they are.
	Recorded, Replayed chain.Event
	// Was and Is are the values in them that differ, as CGRF; nil where it is
	// something else that differs, and Was also where the value is not kept.
	Was, Is []byte
	Call    *chain.Call // that begins the turn; nil at a checkpoint
}

func (d *Divergence) Error() string {
	step := "turn"
	if d.Call == nil {
		step = "checkpoint"
	}
	text := fmt.Sprintf("the %s of record %d diverges from its chain", step, d.Turn)
	if d.Recorded != nil {
		text += fmt.Sprintf(" at event %d.%d", d.Record, d.Index)
	}
	text += ": " + d.What
	if len(d.Is) > 0 {
		text += ": " + literal(d.Is)
	}
	if len(d.Was) > 0 {
		text += ", not " + literal(d.Was)
	}
	return text
}

// maxLiteral is how long a literal in an error may be, in bytes.
const maxLiteral = 400

// literal is a value for people.
func literal(encoded []byte) string {
	v, err := pack.Decode(encoded)
	if err != nil {
		return err.Error()
	}
	s := v.String()
	if len(s) <= maxLiteral {
		return s
	}
	end := maxLiteral
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
