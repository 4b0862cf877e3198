package actors

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/chain"
)

// letter is a delivery that notes its refusal.
type letter struct {
	name    string
	bytes   int
	kept    bool
	asks    bool
	refused []error
}

func (l *letter) size() int      { return l.bytes }
func (l *letter) fleeting() bool { return !l.kept }
func (l *letter) awaited() bool  { return l.asks }

func (l *letter) refuse(reason error) { l.refused = append(l.refused, reason) }

// script is an invoker that notes what it is given and does what it is told.
type script struct {
	seen     []string
	failures []string
	on       map[string]func()
}

func (s *script) note(message any) {
	name := fmt.Sprint(message)
	if l, ok := actor.UnwrapEnvelopeMessage(message).(*letter); ok {
		name = l.name
	}
	s.seen = append(s.seen, name)
	if do := s.on[name]; do != nil {
		do()
	}
}

func (s *script) InvokeSystemMessage(message any) { s.note(message) }
func (s *script) InvokeUserMessage(message any)   { s.note(message) }
func (s *script) EscalateFailure(reason, message any) {
	s.failures = append(s.failures, fmt.Sprint(reason))
}

// steps is a dispatcher that runs what it is given when the test says so.
type steps struct{ waiting []func(*worker) }

func (s *steps) Schedule(fn func())         { s.schedule(func(*worker) { fn() }) }
func (s *steps) schedule(run func(*worker)) { s.waiting = append(s.waiting, run) }
func (s *steps) Throughput() int            { return 2 }

// step runs the oldest on a goroutine of its own, for a function may end it.
func (s *steps) step() {
	run := s.waiting[0]
	s.waiting = s.waiting[1:]
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(&worker{queue: newRunQueue(1, 1)})
	}()
	<-done
}

// drain runs everything that is scheduled.
func (s *steps) drain() {
	for len(s.waiting) > 0 {
		s.step()
	}
}

// started makes a mailbox on a script.
func started(maxMessages int, maxBytes int64) (*mailbox, *script, *steps) {
	m, s, d := newMailbox(maxMessages, maxBytes), &script{on: map[string]func(){}}, &steps{}
	m.RegisterHandlers(s, d)
	m.Start()
	return m, s, d
}

func expect(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestMailboxHandlesSystemMessagesFirst(t *testing.T) {
	m, s, d := started(9, 9)
	m.PostUserMessage("u1")
	m.PostUserMessage("u2")
	m.PostSystemMessage("s1")
	m.PostSystemMessage("s2")
	s.on["u1"] = func() { m.PostSystemMessage("s3") }
	d.drain()
	expect(t, "order", s.seen, []string{"s1", "s2", "u1", "s3", "u2"})
}

func TestMailboxHandlesNothingBeforeStart(t *testing.T) {
	m, s, d := newMailbox(9, 9), &script{}, &steps{}
	m.PostUserMessage("early")
	m.RegisterHandlers(s, d)
	m.PostUserMessage("second")
	m.PostSystemMessage("started")
	if len(d.waiting) != 0 {
		t.Error("a run was scheduled before Start")
	}
	m.Start()
	d.drain()
	expect(t, "order", s.seen, []string{"started", "early", "second"})
}

func TestASuspendedMailboxHandlesSystemMessagesOnly(t *testing.T) {
	m, s, d := started(9, 9)
	m.PostSystemMessage(&actor.SuspendMailbox{})
	m.PostUserMessage("u1")
	m.PostSystemMessage("s1")
	d.drain()
	expect(t, "suspended", s.seen, []string{"s1"})
	m.PostUserMessage("u2")
	if len(d.waiting) != 0 {
		t.Error("a user message woke a suspended mailbox")
	}
	m.PostSystemMessage(&actor.ResumeMailbox{})
	d.drain()
	expect(t, "resumed", s.seen, []string{"s1", "u1", "u2"})
}

func TestOneRunIsScheduledAtATime(t *testing.T) {
	m, s, d := started(9, 9)
	s.on["u1"] = func() { m.PostUserMessage("u3") }
	for _, u := range []string{"u1", "u2"} {
		m.PostUserMessage(u)
	}
	if len(d.waiting) != 1 {
		t.Fatalf("%d runs are scheduled", len(d.waiting))
	}
	d.drain()
	expect(t, "order", s.seen, []string{"u1", "u2", "u3"})
	m.PostUserMessage("u4")
	if len(d.waiting) != 1 {
		t.Errorf("%d runs are scheduled after an idle time", len(d.waiting))
	}
}

func TestADeliveryBeyondACapIsRefusedAtOnce(t *testing.T) {
	cases := []struct {
		name     string
		messages int
		bytes    int64
		sizes    []int
		refused  []bool
	}{
		{"by number", 2, 100, []int{1, 1, 1}, []bool{false, false, true}},
		{"by bytes", 9, 10, []int{6, 4, 1}, []bool{false, false, true}},
		{"a small one fits after a large one did not", 9, 10, []int{6, 5, 4}, []bool{false, true, false}},
		{"larger than the cap by itself", 9, 10, []int{11}, []bool{true}},
		{"of any size when nothing else waits and it fits", 1, 10, []int{10}, []bool{false}},
		{"without bytes when the bytes are used up", 9, 10, []int{10, 0}, []bool{false, false}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, _, d := started(c.messages, c.bytes)
			var messages int
			var bytes int64
			for i, size := range c.sizes {
				l := &letter{bytes: size}
				m.PostUserMessage(l)
				if (l.refused != nil) != c.refused[i] || c.refused[i] && !errors.Is(l.refused[0], ErrMailboxFull) {
					t.Errorf("delivery %d: refused %v", i, l.refused)
				}
				if !c.refused[i] {
					messages, bytes = messages+1, bytes+int64(size)
				}
			}
			if n, b := m.len(); n != messages || b != bytes || m.UserMessageCount() != messages {
				t.Errorf("%d messages of %d bytes wait", n, b)
			}
			d.drain()
			if n, b := m.len(); n != 0 || b != 0 {
				t.Errorf("%d messages of %d bytes wait at the end", n, b)
			}
			again := &letter{bytes: 1}
			if m.PostUserMessage(again); again.refused != nil {
				t.Errorf("refused although there is room again: %v", again.refused)
			}
		})
	}
}

func TestASelfSendToAFullMailboxIsRefusedAndDoesNotBlock(t *testing.T) {
	m, s, d := started(1, 9)
	fits, beyond := &letter{name: "fits"}, &letter{name: "beyond"}
	s.on["first"] = func() {
		m.PostUserMessage(fits)
		m.PostUserMessage(beyond)
	}
	m.PostUserMessage(&letter{name: "first"})
	d.drain()
	expect(t, "order", s.seen, []string{"first", "fits"})
	if len(beyond.refused) != 1 || fits.refused != nil {
		t.Errorf("refused: %v, %v", fits.refused, beyond.refused)
	}
}

func TestOtherUserMessagesPassTheCaps(t *testing.T) {
	m, s, d := started(1, 1)
	m.PostUserMessage(&letter{name: "l", bytes: 1})
	m.PostUserMessage("control")
	d.drain()
	expect(t, "order", s.seen, []string{"l", "control"})
}

func TestADeliveryInAnEnvelopeCounts(t *testing.T) {
	m, s, d := started(1, 9)
	first, second := &letter{name: "first", bytes: 3}, &letter{name: "second"}
	m.PostUserMessage(&actor.MessageEnvelope{Message: first})
	m.PostUserMessage(&actor.MessageEnvelope{Message: second})
	if n, b := m.len(); n != 1 || b != 3 || second.refused == nil {
		t.Errorf("%d messages of %d bytes, second refused: %v", n, b, second.refused)
	}
	d.drain()
	expect(t, "order", s.seen, []string{"first"})
	if n, _ := m.len(); n != 0 {
		t.Errorf("%d wait", n)
	}
}

func TestCloseReturnsWhatWaitsAndRefusesTheRest(t *testing.T) {
	m, s, d := started(9, 9)
	reason := errors.New("stopped")
	waiting := []*letter{{name: "a", bytes: 1}, {name: "b", bytes: 2}}
	m.PostUserMessage(waiting[0])
	m.PostUserMessage("control")
	m.PostUserMessage(&actor.MessageEnvelope{Message: waiting[1]})
	drained := m.close(reason)
	if len(drained) != 2 || drained[0] != waiting[0] || drained[1] != waiting[1] {
		t.Fatalf("drained %v", drained)
	}
	if n, b := m.len(); n != 0 || b != 0 {
		t.Errorf("%d messages of %d bytes wait", n, b)
	}
	late := &letter{}
	m.PostUserMessage(late)
	if len(late.refused) != 1 || late.refused[0] != reason {
		t.Errorf("late one refused: %v", late.refused)
	}
	if again := m.close(errors.New("other")); again != nil {
		t.Errorf("a second close returns %v", again)
	}
	m.PostSystemMessage("stop")
	d.drain()
	expect(t, "what is still handled", s.seen, []string{"stop", "control"})
	for _, l := range waiting {
		if l.refused != nil {
			t.Errorf("close refused %s itself", l.name)
		}
	}
}

func TestADeliveryThatIsRetainedStaysTheFirstUntilThereIsRoom(t *testing.T) {
	m, s, d := started(10, 1000)
	first := &letter{name: "first", bytes: 10}
	var asked []delivery
	s.on = map[string]func(){"first": func() {
		var open bool
		if asked, open = m.retain(first); !open {
			t.Error("the mailbox is closed")
		}
	}}
	awaited := &letter{name: "awaited", bytes: 10, asks: true}
	for _, l := range []*letter{first, awaited, {name: "second", bytes: 10}} {
		m.PostUserMessage(l)
	}
	d.drain()
	if len(asked) != 1 || asked[0] != delivery(awaited) {
		t.Errorf("who waits has asked %v", asked)
	}
	late := &letter{name: "late", bytes: 10, asks: true}
	m.PostUserMessage(late)
	if len(late.refused) != 1 || !errors.Is(late.refused[0], chain.ErrNoSpace) {
		t.Errorf("who comes later is told %v", late.refused)
	}
	m.PostSystemMessage("system")
	m.order("order")
	d.drain()
	if messages, bytes := m.len(); messages != 2 || bytes != 20 || m.fleeting() != 2 {
		t.Errorf("%d messages of %d bytes wait, %d are lost with the node", messages, bytes, m.fleeting())
	}
	s.on = nil
	m.roomy()
	d.drain()
	expect(t, "handled", s.seen, []string{"first", "system", "order", "first", "second"})
	if drained := m.close(ErrStopped); len(drained) != 0 {
		t.Errorf("%d messages wait", len(drained))
	}
	if _, open := m.retain(first); open {
		t.Error("a closed mailbox retains a message")
	}
}

func TestAPanicIsEscalatedAndTheMailboxGoesOn(t *testing.T) {
	m, s, d := started(9, 9)
	s.on["user"] = func() { panic("boom") }
	s.on["system"] = func() { panic(errors.New("bang")) }
	for _, u := range []string{"user", "after"} {
		m.PostUserMessage(u)
	}
	m.PostSystemMessage("system")
	d.drain()
	expect(t, "failures", s.failures, []string{"bang", "boom"})
	expect(t, "order", s.seen, []string{"system", "user", "after"})
}

func TestASuspensionByTheFailureHoldsBeforeTheNextMessage(t *testing.T) {
	m, s, d := started(9, 9)
	s.on["user"] = func() {
		m.PostSystemMessage(&actor.SuspendMailbox{}) // as EscalateFailure does
		panic("boom")
	}
	m.PostUserMessage("user")
	m.PostUserMessage("after")
	d.drain()
	expect(t, "order", s.seen, []string{"user"})
}

func TestAnEndOfTheGoroutineIsAFailureAndTheMailboxGoesOn(t *testing.T) {
	m, s, d := started(9, 9)
	s.on["exit"] = runtime.Goexit
	for _, u := range []string{"exit", "after"} {
		m.PostUserMessage(u)
	}
	d.drain()
	expect(t, "failures", s.failures, []string{errGoexit.Error()})
	expect(t, "order", s.seen, []string{"exit", "after"})
}

func TestAnIdleMailboxIsSmall(t *testing.T) {
	const n = 10_000
	all := make([]*mailbox, n)
	dispatcher := direct{&worker{queue: newRunQueue(1, 1)}}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range all {
		m := newMailbox(1000, 1<<20)
		m.RegisterHandlers(ignore{}, dispatcher)
		m.PostSystemMessage("started")
		m.Start()
		m.PostUserMessage("work")
		all[i] = m
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	per := int64(after.HeapAlloc-before.HeapAlloc) / n
	runtime.KeepAlive(all)
	t.Logf("%d bytes", per)
	if per > 384 {
		t.Errorf("an idle mailbox holds %d bytes", per)
	}
}

type ignore struct{}

func (ignore) InvokeSystemMessage(any)  {}
func (ignore) InvokeUserMessage(any)    {}
func (ignore) EscalateFailure(any, any) {}

// direct is a dispatcher that runs functions where they are scheduled.
type direct struct{ worker *worker }

func (d direct) Schedule(fn func())         { fn() }
func (d direct) schedule(run func(*worker)) { run(d.worker) }
func (d direct) Throughput() int            { return 300 }

// parcel is a delivery that counts what becomes of it.
type parcel struct {
	sender, number int
	ends           atomic.Int32 // handled, refused or drained
	refusals       *atomic.Int64
}

func (p *parcel) size() int      { return 1 }
func (p *parcel) fleeting() bool { return true }
func (p *parcel) awaited() bool  { return false }
func (p *parcel) refuse(error) {
	p.ends.Add(1)
	p.refusals.Add(1)
}

// order is an invoker that holds a mailbox to one message at a time and to the
// order of each sender.
type order struct {
	t       *testing.T
	last    [8]int
	inside  atomic.Int32
	handled int
}

func (o *order) InvokeSystemMessage(any)  {}
func (o *order) EscalateFailure(any, any) {}
func (o *order) InvokeUserMessage(message any) {
	if o.inside.Add(1) != 1 {
		o.t.Error("two messages at a time")
	}
	p := message.(*parcel)
	p.ends.Add(1)
	if p.number <= o.last[p.sender] {
		o.t.Errorf("sender %d: %d after %d", p.sender, p.number, o.last[p.sender])
	}
	o.last[p.sender] = p.number
	o.handled++
	o.inside.Add(-1)
}

// TestHammerEveryDeliveryEndsOnce sends from many goroutines over small caps,
// suspends and resumes, and closes in the middle.
func TestHammerEveryDeliveryEndsOnce(t *testing.T) {
	const senders, each = 8, 5000
	for round := range 10 {
		var refusals atomic.Int64
		o := &order{t: t}
		m := newMailbox(64, 50)
		e := newRunQueue(2, 2)
		m.RegisterHandlers(o, e)
		m.Start()
		all := make([][]parcel, senders)
		var sent sync.WaitGroup
		for s := range senders {
			all[s] = make([]parcel, each)
			sent.Go(func() {
				for i := range all[s] {
					p := &all[s][i]
					p.sender, p.number, p.refusals = s, i+1, &refusals
					m.PostUserMessage(p)
					if i%512 == 0 {
						m.PostSystemMessage(&actor.SuspendMailbox{})
						m.PostSystemMessage(&actor.ResumeMailbox{})
					}
				}
			})
		}
		if round%2 == 0 {
			sent.Wait()
		}
		drained := m.close(errors.New("stopped"))
		for _, d := range drained {
			d.(*parcel).ends.Add(1)
		}
		sent.Wait()
		if err := e.close(timeout(t)); err != nil {
			t.Fatal(err)
		}
		for s := range all {
			for i := range all[s] {
				if n := all[s][i].ends.Load(); n != 1 {
					t.Fatalf("round %d: parcel %d of sender %d ended %d times", round, i, s, n)
				}
			}
		}
		if total := int64(o.handled+len(drained)) + refusals.Load(); total != senders*each {
			t.Errorf("round %d: %d parcels in all", round, total)
		}
	}
}

func TestMailboxUnderProtoactorResumesAfterAFailure(t *testing.T) {
	system, dispatcher := newTestSystem(t)
	box := newMailbox(10, 10)
	answers := make(chan string, 10)
	failures := make(chan any, 10)
	child := actor.PropsFromFunc(func(ctx actor.Context) {
		if text, ok := ctx.Message().(string); ok {
			if text == "crash" {
				panic(text)
			}
			answers <- text
		}
	}, actor.WithMailbox(func() actor.Mailbox { return box }), actor.WithDispatcher(dispatcher))
	decide := make(chan struct{})
	parent := spawn(system, dispatcher, strategist{func(supervisor actor.Supervisor, who *actor.PID, reason any) {
		failures <- reason
		<-decide
		supervisor.ResumeChildren(who)
	}}, func(ctx actor.Context) {
		if _, ok := ctx.Message().(*actor.Started); ok {
			pid := ctx.Spawn(child)
			ctx.Send(pid, "crash")
			ctx.Send(pid, "next")
		}
	})
	if reason := await(t, failures); reason != "crash" {
		t.Errorf("failure %v", reason)
	}
	if n := box.UserMessageCount(); n != 1 || len(answers) != 0 {
		t.Errorf("%d messages wait, %d answers while suspended", n, len(answers))
	}
	close(decide)
	if got := await(t, answers); got != "next" {
		t.Errorf("got %q", got)
	}
	stop(t, system, parent)
}

// await receives within a deadline.
func await[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func TestWhatWouldBeLostIsCountedUntilItIsHandled(t *testing.T) {
	m, s, d := started(9, 9)
	m.PostUserMessage(&letter{name: "kept", kept: true})
	m.PostUserMessage(&letter{name: "lost"})
	m.PostUserMessage(&letter{name: "later"})
	if n := m.fleeting(); n != 2 {
		t.Errorf("%d of those that wait would be lost", n)
	}
	var during []int
	for _, name := range []string{"kept", "lost", "later"} {
		s.on[name] = func() { during = append(during, m.fleeting()) }
	}
	d.drain()
	if !slices.Equal(during, []int{2, 2, 1}) || m.fleeting() != 0 {
		t.Errorf("while each is handled: %d, and then %d", during, m.fleeting())
	}
}
