package chain

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/theater-go/theater/wasm/pack"
)

// A parent that is told of its child's events is handed each of them, encoded.
// Its chain does not hold them again: a notice names the event, and what the
// guest was handed follows from it.

// NoticePayload keeps the parameters of a turn by the event that they tell of:
// they are NoticeParams of it, and as long. Only the parameters of a Call are
// kept so.
func NoticePayload(ref Ref, length uint64) Payload {
	p := Payload{Form: FormNotice, Length: length}
	copy(p.Sum[:], ref.Actor[:])
	binary.BigEndian.PutUint64(p.Sum[16:], ref.Record)
	binary.BigEndian.PutUint32(p.Sum[24:], ref.Index)
	return p
}

// Notice is the event that p tells of, when p is a notice.
func (p Payload) Notice() (Ref, bool) {
	if p.Form != FormNotice {
		return Ref{}, false
	}
	return Ref{
		Actor:  ID(p.Sum[:16]),
		Record: binary.BigEndian.Uint64(p.Sum[16:]),
		Index:  binary.BigEndian.Uint32(p.Sum[24:]),
	}, true
}

// NoticeParams is what a guest is handed with an event of its child: the CGRF of
// the tuple (child: string, kind: string, event: list<u8>). kind is that of
// KindOf and event the bytes of AppendEvent. It is nil for an event that is
// larger than a value may be.
func NoticeParams(child ID, kind string, event []byte) []byte {
	b, err := pack.Encode(pack.Tuple(pack.String(child.String()), pack.String(kind), pack.Bytes(event)))
	if err != nil {
		return nil
	}
	return b
}

// loadNotice makes the parameters from the record of the event.
func (p Payload) loadNotice(ctx context.Context, r Reader) ([]byte, error) {
	ref, _ := p.Notice()
	fail := func(err error) error {
		return fmt.Errorf("event %d in record %d of actor %s: %w", ref.Index, ref.Record, ref.Actor, err)
	}
	rec, err := recordOf(ctx, r, ref)
	if err != nil {
		return nil, fail(err)
	}
	if uint64(ref.Index) >= uint64(len(rec.Events)) {
		return nil, fail(fmt.Errorf("the record has %d events: %w", len(rec.Events), ErrCorrupt))
	}
	event := rec.Events[ref.Index]
	encoded, err := AppendEvent(nil, event)
	if err != nil {
		return nil, fail(err)
	}
	params := NoticeParams(ref.Actor, KindOf(event), encoded)
	if uint64(len(params)) != p.Length {
		return nil, fail(fmt.Errorf("its notice has %d bytes, not %d: %w", len(params), p.Length, ErrCorrupt))
	}
	return params, nil
}

// recordOf fetches the record of an event and checks its hash.
func recordOf(ctx context.Context, r Reader, ref Ref) (Record, error) {
	for rec, err := range r.Records(ctx, ref.Actor, ref.Record) {
		if err != nil {
			return Record{}, err
		}
		stored, err := Store(rec)
		switch {
		case err != nil:
			return Record{}, err
		case rec.Actor != ref.Actor || rec.Number != ref.Record:
			return Record{}, fmt.Errorf("the log has record %d of actor %s there: %w", rec.Number, rec.Actor, ErrCorrupt)
		case stored.Sum(rec.Prev) != rec.Hash:
			return Record{}, fmt.Errorf("its record has another hash: %w", ErrCorrupt)
		}
		return rec, nil
	}
	return Record{}, ErrNotFound
}

func (e *encoder) notice(b []byte, p *Payload) []byte {
	ref, _ := p.Notice()
	if ref.IsZero() || p.Length == 0 || p.Sum != NoticePayload(ref, p.Length).Sum {
		e.fail("a notice that names no event")
	}
	return appendUint(appendRef(append(b, wireNotice), &ref), p.Length)
}

func (d *decoder) notice() Payload {
	p := NoticePayload(d.ref(), d.uint())
	d.nonZero(p.Length != 0)
	return p
}
