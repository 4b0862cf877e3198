package cli

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm/pack"
)

const (
	maxShown  = 240     // bytes of a value in a line of text
	maxLoaded = 1 << 20 // bytes of a value that is fetched to be shown
)

// displayer shows the values of a chain.
type displayer struct {
	ctx    context.Context
	reader chain.Reader
}

// load fetches a payload that is not too large to be shown.
func (d displayer) load(p chain.Payload) ([]byte, error) {
	if p.Size() > maxLoaded {
		return nil, fmt.Errorf("larger than %s", size(maxLoaded))
	}
	return p.Load(d.ctx, d.reader)
}

// display is an encoded value as a literal, or in hex where it is none.
func display(raw []byte) string {
	v, err := pack.Decode(raw)
	if err != nil {
		return "0x" + hex.EncodeToString(raw)
	}
	var b strings.Builder
	readable(&b, v)
	return b.String()
}

// readable writes a value as its literal, except that list<u8> that is text is
// written b"text".
func readable(b *strings.Builder, v pack.Value) {
	switch v.Kind() {
	case pack.KindList:
		if bytes, ok := v.AsBytes(); ok && len(bytes) > 0 && utf8.Valid(bytes) {
			b.WriteString("b" + pack.String(string(bytes)).String())
			return
		}
	case pack.KindTuple:
		b.WriteByte('(')
		for i := range v.Len() {
			if i > 0 {
				b.WriteString(", ")
			}
			readable(b, v.At(i))
		}
		b.WriteByte(')')
		return
	case pack.KindOption:
		if inner, present, _ := v.Option(); present {
			b.WriteString("some(")
			readable(b, inner)
			b.WriteByte(')')
		} else {
			b.WriteString("none")
		}
		return
	case pack.KindResult:
		inner, isOK, _ := v.Result()
		b.WriteString(map[bool]string{true: "ok(", false: "err("}[isOK])
		readable(b, inner)
		b.WriteByte(')')
		return
	}
	b.WriteString(v.String())
}

// clip cuts a text for a line.
func clip(s string) string { return cut(escape(s), maxShown) }

// cut ends a text after at most size bytes.
func cut(s string, size int) string {
	if len(s) <= size {
		return s
	}
	for !utf8.RuneStart(s[size]) {
		size--
	}
	return s[:size] + "…"
}

// short is the beginning of a hash.
func short(h chain.Hash) string { return h.String()[:12] }

// The forms of values that are not in the record.
const (
	formBlob   = "blob"
	formSealed = "sealed"
	formNotice = "notice"
	formHash   = "hash" // of a state
)

// value is a payload as JSON shows it: its literal, or its bytes in hex where
// they are no value; and where it is kept when not in the record.
type value struct {
	Literal string     `json:"literal,omitempty"`
	Hex     string     `json:"hex,omitempty"`
	Form    string     `json:"form,omitempty"`
	Sum     chain.Hash `json:"sum,omitzero"`
	Event   *reference `json:"event,omitempty"`
	Length  uint64     `json:"length,omitempty"`

	raw []byte // its encoding; nil where it is not shown
}

// value reads a payload; nil is none.
func (d displayer) value(p chain.Payload) *value {
	if p.IsZero() {
		return nil
	}
	v := &value{Length: p.Length}
	switch p.Form {
	case chain.FormBlob:
		v.Form, v.Sum = formBlob, p.Sum
	case chain.FormSealed:
		v.Form, v.Sum = formSealed, p.Sum
	case chain.FormNotice:
		ref, _ := p.Notice()
		v.Form, v.Event = formNotice, newReference(ref)
	}
	if raw, err := d.load(p); err == nil {
		v.raw = raw
	}
	return v
}

// text shows a value in one line, clipped.
func (v *value) text() string {
	where := ""
	switch {
	case v == nil:
		return ""
	case v.Event != nil:
		return "event of " + v.Event.String()
	case v.Form == formBlob, v.Form == formSealed:
		where = fmt.Sprintf(" [%s %s, %s]", v.Form, short(v.Sum), size(v.Length))
	}
	if v.raw == nil {
		return strings.TrimSpace(where)
	}
	return clip(display(v.raw)) + where
}

func literalOrHex(raw []byte) (literal, inHex string) {
	v, err := pack.Decode(raw)
	if err != nil {
		return "", hex.EncodeToString(raw)
	}
	return v.String(), ""
}

// reference names an event in JSON.
type reference struct {
	Actor  chain.ID `json:"actor"`
	Record uint64   `json:"record"`
	Index  uint32   `json:"index"`
}

func newReference(r chain.Ref) *reference {
	if r.IsZero() {
		return nil
	}
	return &reference{r.Actor, r.Record, r.Index}
}

func (r *reference) String() string { return fmt.Sprintf("%s #%d.%d", r.Actor, r.Record, r.Index) }
