package chain

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// minEvent is the length of the shortest encoded event: an intent without
// input.
const minEvent = 3

// DecodeEvents reads what AppendEvents wrote, all of b and nothing else:
// bytes that AppendEvents would not write are ErrCorrupt. The events alias b.
func DecodeEvents(b []byte) ([]Event, error) {
	d := decoder{b: b}
	var events []Event
	err := d.events(func(n int) { events = make([]Event, 0, n) }, func(_ int, e Event) error {
		events = append(events, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return events, nil
}

// events hands the events of a record to each, after their count to begin; the
// first error of each ends it.
func (d *decoder) events(begin func(n int), each func(i int, e Event) error) error {
	length := len(d.b)
	n := d.uint()
	if n == 0 || n > uint64(length/minEvent) {
		return fmt.Errorf("%d events in %d bytes: %w", n, length, ErrCorrupt)
	}
	begin(int(n))
	results := 0
	for i := range int(n) {
		ev := d.event()
		if _, ok := ev.(*Result); ok {
			results++
		}
		if d.problem == "" && results > 1 {
			d.problem = "a second result"
		}
		if d.problem != "" {
			return fmt.Errorf("event %d: %s: %w", i, d.problem, ErrCorrupt)
		}
		if err := each(i, ev); err != nil {
			return err
		}
	}
	if len(d.b) > 0 {
		return fmt.Errorf("%d bytes after the last event: %w", len(d.b), ErrCorrupt)
	}
	return nil
}

// decoder reads from the front of b. After the first problem everything it
// reads is zero.
type decoder struct {
	b       []byte
	problem string
	again   *reused // nil where every event is a new one
}

func (d *decoder) fail(problem string) {
	if d.problem == "" {
		d.problem = problem
	}
	d.b = nil
}

func (d *decoder) event() Event {
	switch eventKind(d.byte()) {
	case kindGenesis:
		return d.genesis()
	case kindCall:
		c := d.aCall()
		*c = Call{Export: d.uint32(), Params: d.params(), Cause: d.cause(), Delivery: d.uint32(), Time: d.time()}
		return c
	case kindHost:
		h := d.aHost()
		*h = Host{Import: d.uint32(), Input: d.payload(), Status: CallStatus(d.status(uint8(CallInterrupted))), Output: d.payload()}
		return h
	case kindIntent:
		return &Intent{Import: d.uint32(), Input: d.payload()}
	case kindOutcome:
		return &Outcome{Import: d.uint32(), Input: d.payload(), Status: CallStatus(d.status(uint8(CallInterrupted))), Output: d.payload(), Time: d.time()}
	case kindKey:
		return &Key{Key: d.hash()}
	case kindResult:
		return d.result()
	case kindLifecycle:
		return d.lifecycle()
	}
	d.fail("an unknown kind of event")
	return nil
}

func (d *decoder) genesis() *Genesis {
	flags := d.byte()
	g := &Genesis{Time: d.time(), Name: d.string(), Path: d.string(), Module: d.hash()}
	g.Convention, g.Rewriter, g.FuelSchedule = d.uint32(), d.uint32(), d.uint32()
	if flags&genesisParent != 0 {
		g.Parent = d.ref()
	}
	if flags&genesisManifest != 0 {
		g.Manifest = d.setHash()
	}
	if flags&genesisState != 0 {
		g.InitialState = d.setHash()
	}
	if flags&genesisChildren != 0 {
		g.Children = d.setHash()
	}
	g.Sealed = flags&genesisSealed != 0
	if flags >= genesisChildren<<1 {
		d.fail("unknown flags")
	}
	return g
}

func (d *decoder) cause() Cause {
	c := Cause{Kind: CauseKind(d.status(uint8(CauseExternal)))}
	switch c.Kind {
	case CauseEvent:
		c.Event = d.anyRef()
	case CauseExternal:
		c.External = d.string()
	}
	return c
}

func (d *decoder) result() *Result {
	r := d.aResult()
	*r = Result{Status: ResultStatus(d.status(uint8(ResultInterrupted)))}
	flags := d.byte()
	if flags&resultResponse != 0 {
		r.Response = d.setPayload()
	}
	if flags&resultError != 0 {
		r.Error = d.setPayload()
	}
	if flags&resultTrap != 0 {
		r.Trap = d.trap()
	}
	if flags&resultState != 0 {
		r.State = d.state()
	}
	if flags&resultFuel != 0 {
		r.Fuel = d.uint()
		if r.fuel() == 0 {
			d.fail("fuel where none is written")
		}
	}
	if flags >= resultFuel<<1 {
		d.fail("unknown flags")
	}
	return r
}

func (d *decoder) trap() TrapInfo {
	t := TrapInfo{Kind: d.string()}
	switch d.byte() {
	case 0:
		if t.Kind == "" {
			d.fail("an empty trap")
		}
	case 1:
		t.Known, t.Function = true, d.uint32()
	default:
		d.fail("a flag is neither 0 nor 1")
	}
	return t
}

func (d *decoder) state() StateRef {
	switch d.byte() {
	case stateInline:
		b := d.bytes()
		if len(b) == 0 || len(b) > StateInlineMax {
			d.fail("an inline state of a wrong length")
		}
		return StateRef{Inline: b, Length: uint64(len(b))}
	case stateHash:
		s := StateRef{Sum: d.hash(), Length: d.uint()}
		if s.Length <= StateInlineMax {
			d.fail("a state is short and not inline")
		}
		return s
	case stateSealed:
		return StateRef{Sum: d.hash(), Length: d.uint(), Sealed: true}
	}
	d.fail("an unknown form of state")
	return StateRef{}
}

func (d *decoder) lifecycle() *Lifecycle {
	l := &Lifecycle{What: LifecycleKind(d.status(uint8(LifecycleDropped))), Time: d.time()}
	flags := d.byte()
	if flags&lifecycleReason != 0 {
		l.Reason = d.setString()
	}
	if flags&lifecycleDetail != 0 {
		l.Detail = d.setString()
	}
	if flags&lifecycleCount != 0 {
		l.Count = d.uint32()
		d.nonZero(l.Count != 0)
	}
	if flags&lifecycleWait != 0 {
		wait := d.uint()
		d.nonZero(wait != 0 && wait <= math.MaxInt64)
		l.Wait = int64(wait)
	}
	if flags&lifecycleRef != 0 {
		l.Ref = d.ref()
	}
	if flags&lifecycleSum != 0 {
		l.Sum = d.setHash()
	}
	if flags&lifecycleManifest != 0 {
		l.Manifest = d.setHash()
	}
	if flags&lifecycleEngine != 0 {
		l.Convention, l.Rewriter, l.FuelSchedule = d.uint32(), d.uint32(), d.uint32()
		d.nonZero(l.Convention|l.Rewriter|l.FuelSchedule != 0)
	}
	return l
}

// params are the one payload that may be a notice.
func (d *decoder) params() Payload {
	if len(d.b) > 0 && d.b[0] == wireNotice {
		d.b = d.b[1:]
		return d.notice()
	}
	return d.payload()
}

func (d *decoder) payload() Payload {
	switch form := d.byte(); form {
	case wireNone:
		return Payload{}
	case wireInline:
		b := d.bytes()
		if len(b) == 0 || len(b) > InlineMax {
			d.fail("an inline payload of a wrong length")
		}
		for _, known := range knownPayloads {
			if string(b) == known {
				d.fail("an inline payload that has a shorter form")
			}
		}
		return Payload{Bytes: b}
	case wireBlob:
		p := BlobPayload(d.hash(), d.uint())
		if p.Length <= InlineMax {
			d.fail("a blob is short enough to be inline")
		}
		return p
	case wireSealed:
		return Payload{Form: FormSealed, Sum: d.hash(), Length: d.uint()}
	default:
		if i := int(form) - wireKnown; i < len(knownPayloads) {
			return Payload{Bytes: []byte(knownPayloads[i])}
		}
	}
	d.fail("an unknown form of payload")
	return Payload{}
}

// setPayload, setString, setHash and ref read a field whose flag is set, and
// which therefore is not zero.
func (d *decoder) setPayload() Payload {
	p := d.payload()
	d.nonZero(!p.IsZero())
	return p
}

func (d *decoder) setString() string {
	s := d.string()
	d.nonZero(s != "")
	return s
}

func (d *decoder) setHash() Hash {
	h := d.hash()
	d.nonZero(!h.IsZero())
	return h
}

func (d *decoder) ref() Ref {
	r := d.anyRef()
	d.nonZero(!r.IsZero())
	return r
}

func (d *decoder) anyRef() Ref {
	r := Ref{Record: 0}
	copy(r.Actor[:], d.take(16))
	r.Record, r.Index = d.uint(), d.uint32()
	return r
}

func (d *decoder) nonZero(ok bool) {
	if !ok {
		d.fail("a field that is announced has no value")
	}
}

func (d *decoder) status(last uint8) uint8 {
	v := d.byte()
	if v > last {
		d.fail("an unknown status or kind")
		return 0
	}
	return v
}

func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail("bytes are missing")
		return nil
	}
	v := slices.Clip(d.b[:n])
	d.b = d.b[n:]
	return v
}

func (d *decoder) byte() byte {
	if v := d.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail("an integer is missing or too large")
		return 0
	}
	if n > 1 && d.b[n-1] == 0 {
		d.fail("an integer is not in its shortest form")
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) uint32() uint32 {
	v := d.uint()
	if v > math.MaxUint32 {
		d.fail("an integer is too large")
		return 0
	}
	return uint32(v)
}

func (d *decoder) time() int64 {
	if v := d.take(8); v != nil {
		return int64(binary.BigEndian.Uint64(v))
	}
	return 0
}

func (d *decoder) hash() (h Hash) {
	copy(h[:], d.take(32))
	return h
}

func (d *decoder) bytes() []byte  { return d.take(d.uint()) }
func (d *decoder) string() string { return string(d.bytes()) }
