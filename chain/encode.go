package chain

import (
	"encoding/binary"
	"fmt"
)

// The first byte of an encoded payload.
const (
	wireNone = iota
	wireInline
	wireBlob
	wireSealed
	wireKnown // this and the next: an index into knownPayloads
	_
	wireNotice
)

// knownPayloads are the CGRF bytes of (), and of ok(()) as host functions give
// it, which most host calls answer.
var knownPayloads = [...]string{
	"CGRF\x02\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00" +
		"\x0b\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00",
	"CGRF\x02\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00" +
		"\x0b\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00" +
		"\x14\x00\x00\x00\x0b\x00\x00\x00\x06\x06\x00\x00\x00\x00\x01\x00\x00\x00\x00",
}

// The first byte of an encoded state.
const (
	stateInline = 1 + iota
	stateHash
	stateSealed
)

// Bits of the flags that say which fields follow. A field follows exactly when
// it is not zero.
const (
	genesisParent = 1 << iota
	genesisManifest
	genesisState
	genesisSealed
	genesisChildren
)

const (
	resultResponse = 1 << iota
	resultError
	resultTrap
	resultState
	resultFuel
)

const (
	lifecycleReason = 1 << iota
	lifecycleDetail
	lifecycleCount
	lifecycleWait
	lifecycleRef
	lifecycleSum
	lifecycleManifest
	lifecycleEngine
)

// AppendEvent appends the canonical encoding of one event to dst, as it stands
// in a record. An event outside the format is ErrEncode.
func AppendEvent(dst []byte, ev Event) ([]byte, error) {
	var e encoder
	if dst = e.event(dst, ev); e.problem != "" {
		return nil, fmt.Errorf("%s: %w", e.problem, ErrEncode)
	}
	return dst, nil
}

// AppendEvents appends the canonical encoding of events to dst. Events outside
// the format are ErrEncode.
func AppendEvents(dst []byte, events []Event) ([]byte, error) {
	dst = binary.AppendUvarint(dst, uint64(len(events)))
	var e encoder
	results := 0
	for i, ev := range events {
		dst = e.event(dst, ev)
		if _, ok := ev.(*Result); ok {
			results++
		}
		if e.problem == "" && results > 1 {
			e.problem = "a second result"
		}
		if e.problem != "" {
			return nil, fmt.Errorf("event %d: %s: %w", i, e.problem, ErrEncode)
		}
	}
	if len(events) == 0 {
		return nil, fmt.Errorf("no events: %w", ErrEncode)
	}
	return dst, nil
}

// encoder appends to the bytes that its methods are given, and notes what is
// outside the format.
type encoder struct {
	problem string // the first one
}

// event appends an event. It calls no method of it, so that the event need not
// be on the heap.
func (e *encoder) event(b []byte, ev Event) []byte {
	switch ev := ev.(type) {
	case *Call:
		b = appendUint(append(b, byte(kindCall)), uint64(ev.Export))
		b = e.params(b, &ev.Params)
		b = e.cause(b, &ev.Cause)
		b = appendUint(b, uint64(ev.Delivery))
		return appendTime(b, ev.Time)
	case *Host:
		b = appendUint(append(b, byte(kindHost)), uint64(ev.Import))
		b = e.payload(b, &ev.Input)
		b = e.status(b, uint8(ev.Status), uint8(CallInterrupted))
		return e.payload(b, &ev.Output)
	case *Result:
		return e.result(append(b, byte(kindResult)), ev)
	case *Intent:
		b = appendUint(append(b, byte(kindIntent)), uint64(ev.Import))
		return e.payload(b, &ev.Input)
	case *Outcome:
		b = appendUint(append(b, byte(kindOutcome)), uint64(ev.Import))
		b = e.payload(b, &ev.Input)
		b = e.status(b, uint8(ev.Status), uint8(CallInterrupted))
		b = e.payload(b, &ev.Output)
		return appendTime(b, ev.Time)
	case *Key:
		return append(append(b, byte(kindKey)), ev.Key[:]...)
	case *Genesis:
		return e.genesis(append(b, byte(kindGenesis)), ev)
	case *Lifecycle:
		return e.lifecycle(append(b, byte(kindLifecycle)), ev)
	}
	e.fail("nil event")
	return b
}

func (e *encoder) fail(problem string) {
	if e.problem == "" {
		e.problem = problem
	}
}

func (e *encoder) genesis(b []byte, g *Genesis) []byte {
	b = append(b, flag(!g.Parent.IsZero(), genesisParent)|flag(!g.Manifest.IsZero(), genesisManifest)|
		flag(!g.InitialState.IsZero(), genesisState)|flag(g.Sealed, genesisSealed)|
		flag(!g.Children.IsZero(), genesisChildren))
	b = appendTime(b, g.Time)
	b = appendString(b, g.Name)
	b = appendString(b, g.Path)
	b = append(b, g.Module[:]...)
	b = appendEngine(b, g.Convention, g.Rewriter, g.FuelSchedule)
	if !g.Parent.IsZero() {
		b = appendRef(b, &g.Parent)
	}
	if !g.Manifest.IsZero() {
		b = append(b, g.Manifest[:]...)
	}
	if !g.InitialState.IsZero() {
		b = append(b, g.InitialState[:]...)
	}
	if !g.Children.IsZero() {
		b = append(b, g.Children[:]...)
	}
	return b
}

func (e *encoder) cause(b []byte, c *Cause) []byte {
	b = e.status(b, uint8(c.Kind), uint8(CauseExternal))
	switch c.Kind {
	case CauseEvent:
		b = appendRef(b, &c.Event)
	case CauseExternal:
		b = appendString(b, c.External)
	}
	return b
}

func (e *encoder) result(b []byte, r *Result) []byte {
	fuel := r.fuel() != 0
	b = e.status(b, uint8(r.Status), uint8(ResultInterrupted))
	b = append(b, flag(!r.Response.IsZero(), resultResponse)|flag(!r.Error.IsZero(), resultError)|
		flag(r.Trap != TrapInfo{}, resultTrap)|flag(!r.State.IsZero(), resultState)|flag(fuel, resultFuel))
	if !r.Response.IsZero() {
		b = e.payload(b, &r.Response)
	}
	if !r.Error.IsZero() {
		b = e.payload(b, &r.Error)
	}
	if (r.Trap != TrapInfo{}) {
		b = e.trap(b, r.Trap)
	}
	if !r.State.IsZero() {
		b = e.state(b, &r.State)
	}
	if fuel {
		b = appendUint(b, r.fuel())
	}
	return b
}

// fuel is the fuel that is written: what a turn used is derived and may change
// with the prices, but where it was stopped is not.
func (r *Result) fuel() uint64 {
	if r.Status == ResultLimit || r.Status == ResultKilled || r.Status == ResultDeadline {
		return r.Fuel
	}
	return 0
}

func (e *encoder) trap(b []byte, t TrapInfo) []byte {
	b = appendString(b, t.Kind)
	if !t.Known {
		if t.Function != 0 {
			e.fail("a trap names a function that is not known")
		}
		return append(b, 0)
	}
	return appendUint(append(b, 1), uint64(t.Function))
}

func (e *encoder) state(b []byte, s *StateRef) []byte {
	switch {
	case s.Sealed:
		b = append(b, stateSealed)
	case len(s.Inline) > 0:
		if len(s.Inline) > StateInlineMax {
			e.fail("an inline state is too long")
		}
		return appendBytes(append(b, stateInline), s.Inline)
	default:
		if s.Length <= StateInlineMax {
			e.fail("a state is short and not inline")
		}
		b = append(b, stateHash)
	}
	return appendUint(append(b, s.Sum[:]...), s.Length)
}

func (e *encoder) lifecycle(b []byte, l *Lifecycle) []byte {
	if l.Wait < 0 {
		e.fail("a negative wait")
	}
	engine := l.Convention|l.Rewriter|l.FuelSchedule != 0
	b = e.status(b, uint8(l.What), uint8(LifecycleDropped))
	b = appendTime(b, l.Time)
	b = append(b, flag(l.Reason != "", lifecycleReason)|flag(l.Detail != "", lifecycleDetail)|
		flag(l.Count != 0, lifecycleCount)|flag(l.Wait != 0, lifecycleWait)|
		flag(!l.Ref.IsZero(), lifecycleRef)|flag(!l.Sum.IsZero(), lifecycleSum)|
		flag(!l.Manifest.IsZero(), lifecycleManifest)|flag(engine, lifecycleEngine))
	if l.Reason != "" {
		b = appendString(b, l.Reason)
	}
	if l.Detail != "" {
		b = appendString(b, l.Detail)
	}
	if l.Count != 0 {
		b = appendUint(b, uint64(l.Count))
	}
	if l.Wait != 0 {
		b = appendUint(b, uint64(l.Wait))
	}
	if !l.Ref.IsZero() {
		b = appendRef(b, &l.Ref)
	}
	if !l.Sum.IsZero() {
		b = append(b, l.Sum[:]...)
	}
	if !l.Manifest.IsZero() {
		b = append(b, l.Manifest[:]...)
	}
	if engine {
		b = appendEngine(b, l.Convention, l.Rewriter, l.FuelSchedule)
	}
	return b
}

// params are the one payload that may be a notice.
func (e *encoder) params(b []byte, p *Payload) []byte {
	if p.Form == FormNotice {
		return e.notice(b, p)
	}
	return e.payload(b, p)
}

func (e *encoder) payload(b []byte, p *Payload) []byte {
	switch p.Form {
	case FormInline:
		if len(p.Bytes) == 0 {
			return append(b, wireNone)
		}
		return e.inline(b, p.Bytes)
	case FormBlob:
		if p.Length <= InlineMax {
			e.fail("a blob is short enough to be inline")
		}
		b = append(b, wireBlob)
	case FormSealed:
		b = append(b, wireSealed)
	default:
		e.fail("a payload of an unknown form")
		return b
	}
	return appendUint(append(b, p.Sum[:]...), p.Length)
}

func (e *encoder) inline(b, payload []byte) []byte {
	for i, known := range knownPayloads {
		if string(payload) == known {
			return append(b, byte(wireKnown+i))
		}
	}
	if len(payload) > InlineMax {
		e.fail("an inline payload is too long")
	}
	return appendBytes(append(b, wireInline), payload)
}

func (e *encoder) status(b []byte, v, last uint8) []byte {
	if v > last {
		e.fail("an unknown status or kind")
	}
	return append(b, v)
}

func appendRef(b []byte, r *Ref) []byte {
	b = appendUint(append(b, r.Actor[:]...), r.Record)
	return appendUint(b, uint64(r.Index))
}

func appendEngine(b []byte, convention, rewriter, schedule uint32) []byte {
	b = appendUint(b, uint64(convention))
	b = appendUint(b, uint64(rewriter))
	return appendUint(b, uint64(schedule))
}

func appendUint(b []byte, v uint64) []byte { return binary.AppendUvarint(b, v) }

func appendTime(b []byte, v int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(v)) }

func appendBytes(b, v []byte) []byte { return append(appendUint(b, uint64(len(v))), v...) }

func appendString(b []byte, v string) []byte { return append(appendUint(b, uint64(len(v))), v...) }

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}
