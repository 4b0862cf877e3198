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

// AppendEvents appends the canonical encoding of events to dst. Events outside
// the format are ErrEncode.
func AppendEvents(dst []byte, events []Event) ([]byte, error) {
	e := encoder{b: binary.AppendUvarint(dst, uint64(len(events)))}
	results := 0
	for i, ev := range events {
		e.event(ev)
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
	return e.b, nil
}

type encoder struct {
	b       []byte
	problem string // the first thing that does not fit the format
}

func (e *encoder) event(ev Event) {
	switch ev := ev.(type) { // and no method of it, so that it may be on its maker's stack
	case nil:
		e.problem = "nil event"
	case *Genesis:
		e.byte(byte(kindGenesis))
		e.genesis(ev)
	case *Call:
		e.byte(byte(kindCall))
		e.uint(uint64(ev.Export))
		e.payload(ev.Params)
		e.cause(ev.Cause)
		e.uint(uint64(ev.Delivery))
		e.time(ev.Time)
	case *Host:
		e.byte(byte(kindHost))
		e.uint(uint64(ev.Import))
		e.payload(ev.Input)
		e.status(uint8(ev.Status), uint8(CallInterrupted))
		e.payload(ev.Output)
	case *Intent:
		e.byte(byte(kindIntent))
		e.uint(uint64(ev.Import))
		e.payload(ev.Input)
	case *Outcome:
		e.byte(byte(kindOutcome))
		e.uint(uint64(ev.Import))
		e.payload(ev.Input)
		e.status(uint8(ev.Status), uint8(CallInterrupted))
		e.payload(ev.Output)
		e.time(ev.Time)
	case *Key:
		e.byte(byte(kindKey))
		e.b = append(e.b, ev.Key[:]...)
	case *Result:
		e.byte(byte(kindResult))
		e.result(ev)
	case *Lifecycle:
		e.byte(byte(kindLifecycle))
		e.lifecycle(ev)
	}
}

func (e *encoder) genesis(g *Genesis) {
	e.byte(flag(!g.Parent.IsZero(), genesisParent) | flag(!g.Manifest.IsZero(), genesisManifest) |
		flag(!g.InitialState.IsZero(), genesisState) | flag(g.Sealed, genesisSealed))
	e.time(g.Time)
	e.string(g.Name)
	e.string(g.Path)
	e.hash(g.Module)
	e.engine(g.Convention, g.Rewriter, g.FuelSchedule)
	if !g.Parent.IsZero() {
		e.ref(g.Parent)
	}
	if !g.Manifest.IsZero() {
		e.hash(g.Manifest)
	}
	if !g.InitialState.IsZero() {
		e.hash(g.InitialState)
	}
}

func (e *encoder) cause(c Cause) {
	e.status(uint8(c.Kind), uint8(CauseExternal))
	switch c.Kind {
	case CauseEvent:
		e.ref(c.Event)
	case CauseExternal:
		e.string(c.External)
	}
}

func (e *encoder) result(r *Result) {
	fuel := r.fuel() != 0
	e.status(uint8(r.Status), uint8(ResultInterrupted))
	e.byte(flag(!r.Response.IsZero(), resultResponse) | flag(!r.Error.IsZero(), resultError) |
		flag(r.Trap != TrapInfo{}, resultTrap) | flag(!r.State.IsZero(), resultState) | flag(fuel, resultFuel))
	if !r.Response.IsZero() {
		e.payload(r.Response)
	}
	if !r.Error.IsZero() {
		e.payload(r.Error)
	}
	if (r.Trap != TrapInfo{}) {
		e.trap(r.Trap)
	}
	if !r.State.IsZero() {
		e.state(r.State)
	}
	if fuel {
		e.uint(r.fuel())
	}
}

// fuel is the fuel that is written: what a turn used is derived and may change
// with the prices, but where it was stopped is not.
func (r *Result) fuel() uint64 {
	if r.Status == ResultLimit || r.Status == ResultKilled || r.Status == ResultDeadline {
		return r.Fuel
	}
	return 0
}

func (e *encoder) trap(t TrapInfo) {
	e.string(t.Kind)
	if !t.Known {
		e.byte(0)
		if t.Function != 0 {
			e.problem = "a trap names a function that is not known"
		}
		return
	}
	e.byte(1)
	e.uint(uint64(t.Function))
}

func (e *encoder) state(s StateRef) {
	switch {
	case s.Sealed:
		e.byte(stateSealed)
		e.hash(s.Sum)
		e.uint(s.Length)
	case len(s.Inline) > 0:
		if len(s.Inline) > StateInlineMax {
			e.problem = "an inline state is too long"
		}
		e.byte(stateInline)
		e.bytes(s.Inline)
	default:
		if s.Length <= StateInlineMax {
			e.problem = "a state is short and not inline"
		}
		e.byte(stateHash)
		e.hash(s.Sum)
		e.uint(s.Length)
	}
}

func (e *encoder) lifecycle(l *Lifecycle) {
	if l.Wait < 0 {
		e.problem = "a negative wait"
	}
	engine := l.Convention|l.Rewriter|l.FuelSchedule != 0
	e.status(uint8(l.What), uint8(LifecycleDropped))
	e.time(l.Time)
	e.byte(flag(l.Reason != "", lifecycleReason) | flag(l.Detail != "", lifecycleDetail) |
		flag(l.Count != 0, lifecycleCount) | flag(l.Wait != 0, lifecycleWait) |
		flag(!l.Ref.IsZero(), lifecycleRef) | flag(!l.Sum.IsZero(), lifecycleSum) |
		flag(!l.Manifest.IsZero(), lifecycleManifest) | flag(engine, lifecycleEngine))
	if l.Reason != "" {
		e.string(l.Reason)
	}
	if l.Detail != "" {
		e.string(l.Detail)
	}
	if l.Count != 0 {
		e.uint(uint64(l.Count))
	}
	if l.Wait != 0 {
		e.uint(uint64(l.Wait))
	}
	if !l.Ref.IsZero() {
		e.ref(l.Ref)
	}
	if !l.Sum.IsZero() {
		e.hash(l.Sum)
	}
	if !l.Manifest.IsZero() {
		e.hash(l.Manifest)
	}
	if engine {
		e.engine(l.Convention, l.Rewriter, l.FuelSchedule)
	}
}

func (e *encoder) payload(p Payload) {
	switch {
	case p.IsZero():
		e.byte(wireNone)
	case p.Form == FormInline:
		e.inline(p.Bytes)
	case p.Form == FormBlob:
		if p.Length <= InlineMax {
			e.problem = "a blob is short enough to be inline"
		}
		e.byte(wireBlob)
		e.hash(p.Sum)
		e.uint(p.Length)
	case p.Form == FormSealed:
		e.byte(wireSealed)
		e.hash(p.Sum)
		e.uint(p.Length)
	default:
		e.problem = "a payload of an unknown form"
	}
}

func (e *encoder) inline(b []byte) {
	for i, known := range knownPayloads {
		if string(b) == known {
			e.byte(byte(wireKnown + i))
			return
		}
	}
	if len(b) > InlineMax {
		e.problem = "an inline payload is too long"
	}
	e.byte(wireInline)
	e.bytes(b)
}

func (e *encoder) ref(r Ref) {
	e.b = append(e.b, r.Actor[:]...)
	e.uint(r.Record)
	e.uint(uint64(r.Index))
}

func (e *encoder) engine(convention, rewriter, schedule uint32) {
	e.uint(uint64(convention))
	e.uint(uint64(rewriter))
	e.uint(uint64(schedule))
}

func (e *encoder) status(v, last uint8) {
	if v > last {
		e.problem = "an unknown status or kind"
	}
	e.byte(v)
}

func (e *encoder) byte(v byte)     { e.b = append(e.b, v) }
func (e *encoder) uint(v uint64)   { e.b = binary.AppendUvarint(e.b, v) }
func (e *encoder) time(v int64)    { e.b = binary.BigEndian.AppendUint64(e.b, uint64(v)) }
func (e *encoder) hash(h Hash)     { e.b = append(e.b, h[:]...) }
func (e *encoder) bytes(v []byte)  { e.uint(uint64(len(v))); e.b = append(e.b, v...) }
func (e *encoder) string(v string) { e.uint(uint64(len(v))); e.b = append(e.b, v...) }

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}
