package supervision

import (
	"fmt"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Config is what a Supervisor is given.
type Config struct {
	System *actor.ActorSystem
	Clock  Clock          // required
	Chance func() float64 // from [0, 1), for the jitter of waits; required
	// Observe is told what happens to the children, in order, on the goroutine of
	// the supervisor, where it must not wait. nil drops it.
	Observe func(Event)
	// Ended is told, likewise, when the supervisor has given up, or has come to
	// its end by auto_shutdown, and the last child is gone. The process stays, and
	// may Begin anew. Who has called Stop is told instead.
	Ended func(Exit)
}

// Supervisor is the process that supervises children: a protoactor actor, their
// parent. It handles one event after the other and never waits, so that it
// answers whatever its children do. Its methods may be called by any goroutine,
// and by functions that it calls; those that take a function return at once and
// have it called on the supervisor's goroutine, where it must not wait.
type Supervisor struct {
	config Config
	pid    *actor.PID // set by Started

	queue struct {
		sync.Mutex
		jobs   []job
		asleep bool // the process is to be woken for the next job
		closed bool
	}

	mu     sync.Mutex // guards what follows
	rules  *rules
	ctx    actor.Context     // of the message that is handled
	byPID  map[string]*child // by the ids of their processes
	events []Event           // not told yet
	over   *Exit             // not told yet
	asked  []func()          // who waits for the end
}

// job is something to do on the supervisor's goroutine.
type job struct {
	run    func(r *rules)
	refuse func() // called instead when the process has ended; nil for nothing
}

type wake struct{}

var (
	_ actor.Actor              = (*Supervisor)(nil)
	_ actor.SupervisorStrategy = (*Supervisor)(nil)
)

// New makes a supervisor, which is to be spawned as a protoactor actor.
func New(config Config) *Supervisor {
	return &Supervisor{config: config, rules: over(), byPID: map[string]*child{}}
}

// over are the rules of a supervisor that has not begun, or has ended.
func over() *rules {
	r := newRules(Spec{}, nil)
	r.ending, r.done = &Exit{Reason: ReasonShutdown}, true
	return r
}

// Begin gives the supervisor its settings and starts the first children, in
// order. ready is told when all are up, or the error that ended the supervisor
// before. A supervisor begins once, and again after it has ended.
func (s *Supervisor) Begin(spec Spec, children []ChildSpec, ready func(error)) {
	s.post(job{run: func(r *rules) {
		if !r.done {
			ready(ErrRunning)
			return
		}
		s.rules = newRules(spec, (*processHands)(s))
		s.rules.begin(children, ready)
	}, refuse: func() { ready(ErrStopping) }})
}

// Boot adds children and starts them like the first ones: in order, and the end
// of the supervisor if one does not start.
func (s *Supervisor) Boot(children []ChildSpec, ready func(error)) {
	s.ask(ready, func(r *rules) {
		if r.ending != nil {
			ready(ErrStopping)
			return
		}
		r.begin(children, ready)
	})
}

// Add starts one more child. done is told when it is ready, or why it is not.
func (s *Supervisor) Add(spec ChildSpec, done func(error)) {
	s.ask(done, func(r *rules) { r.add(spec, done) })
}

// Terminate stops a child for good. Its spec stays, for Restart, unless it is
// temporary or dynamic. done is told when the child is gone.
func (s *Supervisor) Terminate(id string, done func(error)) {
	s.ask(done, func(r *rules) { r.terminate(id, done) })
}

// Restart stops a child if it runs and starts it again. It counts against no
// restart intensity.
func (s *Supervisor) Restart(id string, done func(error)) {
	s.ask(done, func(r *rules) { r.restart(id, done) })
}

// Forget removes the spec of a child that has ended.
func (s *Supervisor) Forget(id string, done func(error)) {
	s.ask(done, func(r *rules) { done(r.forget(id)) })
}

// Failing has an incarnation of a child stop (its number is Again.Count), and
// counts that as its failure, with exit.
func (s *Supervisor) Failing(id string, incarnation int, exit Exit) {
	s.post(job{run: func(r *rules) {
		if c := r.byID[id]; c != nil && c.restarts == incarnation {
			r.failing(c, exit)
		}
	}})
}

// Stop stops the children, the last one first, and with them the supervisor. done
// is told when no child is left.
func (s *Supervisor) Stop(o Order, done func()) {
	s.post(job{run: func(r *rules) {
		if r.done {
			done()
			return
		}
		s.asked = append(s.asked, done)
		r.stop(o)
	}, refuse: done})
}

// Warn has the shutdown times of the children run from since on.
func (s *Supervisor) Warn(since time.Time) {
	s.post(job{run: func(r *rules) { r.warn(since) }})
}

// Cut stops the children as Stop does, and gives them no time.
func (s *Supervisor) Cut() {
	s.post(job{run: func(r *rules) {
		r.stop(Order{Reason: ReasonShutdown})
		r.cutAll()
	}})
}

func (s *Supervisor) ask(done func(error), run func(*rules)) {
	s.post(job{run: run, refuse: func() { done(ErrStopping) }})
}

// post has a job done, at the latest when the process ends.
func (s *Supervisor) post(j job) {
	q := &s.queue
	q.Lock()
	if q.closed {
		q.Unlock()
		if j.refuse != nil {
			j.refuse()
		}
		return
	}
	q.jobs = append(q.jobs, j)
	rouse := q.asleep
	q.asleep = false
	q.Unlock()
	if rouse {
		s.config.System.Root.Send(s.pid, wake{})
	}
}

// Receive handles protoactor's lifecycle, the ends of children, and jobs.
func (s *Supervisor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.pid = ctx.Self()
		s.work(ctx)
	case wake:
		s.work(ctx)
	case Started:
		s.of(ctx, m.Who, func(c *child) {
			if m.Incarnation == c.restarts {
				s.rules.started(c)
			}
		})
	case *actor.Terminated:
		s.of(ctx, m.Who, func(c *child) {
			delete(s.byPID, m.Who.GetId())
			f := c.Child.Fallen()
			s.catchUp(c, f)
			s.rules.gone(c, f.Exit)
		})
	case *actor.Stopped:
		s.close()
	}
}

// HandleFailure is told of a child whose incarnation has ended and that waits. A
// child that fails with anything but a Fallen has failed in a way that it does not
// know; it is stopped.
func (s *Supervisor) HandleFailure(_ *actor.ActorSystem, above actor.Supervisor, who *actor.PID, _ *actor.RestartStatistics, reason, _ any) {
	f, ok := reason.(Fallen)
	if !ok {
		above.StopChildren(who)
		return
	}
	s.of(above.(actor.Context), who, func(c *child) {
		s.catchUp(c, f)
		s.rules.exited(c, f.Exit)
	})
}

// catchUp takes in that a child was ready before it ended: the ends of processes
// come before what they have said.
func (s *Supervisor) catchUp(c *child, f Fallen) {
	if f.Ready {
		s.rules.started(c)
	}
}

// of handles what a child's process says.
func (s *Supervisor) of(ctx actor.Context, who *actor.PID, f func(*child)) {
	s.handle(ctx, func() {
		if c := s.byPID[who.GetId()]; c != nil {
			f(c)
		}
	})
}

// work does the jobs that wait.
func (s *Supervisor) work(ctx actor.Context) {
	for {
		q := &s.queue
		q.Lock()
		jobs := q.jobs
		q.jobs = nil
		q.asleep = len(jobs) == 0 && !q.closed
		q.Unlock()
		if len(jobs) == 0 {
			return
		}
		for _, j := range jobs {
			s.handle(ctx, func() { j.run(s.rules) })
		}
	}
}

// handle runs f with the rules and then tells what has come of it.
func (s *Supervisor) handle(ctx actor.Context, f func()) {
	events, over, asked := s.locked(ctx, f)
	if s.config.Observe != nil {
		for _, e := range events {
			s.config.Observe(e)
		}
	}
	for _, done := range asked {
		done()
	}
	if over != nil && len(asked) == 0 && s.config.Ended != nil {
		s.config.Ended(*over)
	}
}

func (s *Supervisor) locked(ctx actor.Context, f func()) (events []Event, over *Exit, asked []func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx = ctx
	f()
	events, over = s.events, s.over
	if over != nil {
		asked, s.asked = s.asked, nil
	}
	s.ctx, s.events, s.over = nil, nil, nil
	return events, over, asked
}

// close refuses further jobs, and those that wait.
func (s *Supervisor) close() {
	q := &s.queue
	q.Lock()
	jobs := q.jobs
	q.jobs, q.closed = nil, true
	q.Unlock()
	for _, j := range jobs {
		if j.refuse != nil {
			j.refuse()
		}
	}
}

// Active reports whether the supervisor has begun and has not ended.
func (s *Supervisor) Active() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rules.ending == nil
}

// Info is what can be seen of a child at any moment.
type Info struct {
	ChildSpec
	Status   Status
	Restarts int
	Last     *Exit // its last failure, nil for none
}

// Children shows the children in the order in which they start. It waits for no
// child.
func (s *Supervisor) Children() []Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Info, 0, s.rules.children.Len())
	for c := range s.rules.all() {
		list = append(list, Info{ChildSpec: c.ChildSpec, Status: c.status, Restarts: c.restarts, Last: c.last})
	}
	return list
}

// processHands do what the rules decide, in the process.
type processHands Supervisor

var _ hands = (*processHands)(nil)

func (h *processHands) start(c *child, a Again) {
	pid, err := c.Child.Start(h.ctx, a)
	if err != nil {
		s := (*Supervisor)(h)
		s.post(job{run: func(r *rules) { r.gone(c, Exit{Reason: ReasonInitFailed, Err: fmt.Errorf("start: %w", err)}) }})
		return
	}
	h.byPID[pid.GetId()] = c
}

func (h *processHands) halt(c *child)                  { c.Child.Halt(h.ctx) }
func (h *processHands) stop(c *child, o Order)         { c.Child.Stop(h.ctx, o) }
func (h *processHands) cut(c *child)                   { c.Child.Cut() }
func (h *processHands) warn(c *child, since time.Time) { c.Child.Warn(since) }
func (h *processHands) now() time.Time                 { return h.config.Clock.Now() }
func (h *processHands) chance() float64                { return h.config.Chance() }
func (h *processHands) observe(e Event)                { h.events = append(h.events, e) }
func (h *processHands) ended(exit Exit)                { h.over = &exit }

func (h *processHands) after(d time.Duration, f func()) func() bool {
	s := (*Supervisor)(h)
	return h.config.Clock.AfterFunc(d, func() { s.post(job{run: func(*rules) { f() }}) })
}
