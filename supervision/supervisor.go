package supervision

import (
	"errors"
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
// answers whatever its children do. Its methods may be called by any goroutine.
// Those that take a function return at once and have it called on the supervisor's
// goroutine, where it must not wait, but may call any method. So may Observe and
// Ended. What the supervisor asks while it decides, a [Strategy], a [Child], its
// clock or Chance, must not call Children, Stood and Active, which wait until it
// has decided.
type Supervisor struct {
	config Config
	pid    *actor.PID // set by Started

	queue struct {
		sync.Mutex
		jobs   []job
		asleep bool // the process is to be woken for the next job
		closed bool
	}

	mu    sync.Mutex // guards what follows
	rules *rules
	ctx   actor.Context     // of the message that is handled
	byPID map[string]*child // by the ids of their processes
	tells []func()          // to be called once the rules rest, in order
	asked []func()          // who waits for the end
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
	s := &Supervisor{config: config, byPID: map[string]*child{}}
	s.rules = newRules(Spec{}, (*processHands)(s))
	s.rules.ending, s.rules.done = &Exit{Reason: ReasonShutdown}, true // it has not begun
	return s
}

// Begin gives the supervisor its settings and starts the first children, in
// order. ready is told when all are up, or the error that ended the supervisor
// before. A supervisor begins once, and again after it has ended.
func (s *Supervisor) Begin(spec Spec, children []ChildSpec, ready func(error)) {
	s.ask(ready, func(r *rules) {
		if !r.done {
			r.hands.later(func() { ready(ErrRunning) })
			return
		}
		s.rules = newRules(spec, r.hands)
		s.rules.begin(children, ready)
	})
}

// Boot adds children and starts them like the first ones: in order, and the
// supervisor ends if one does not start.
func (s *Supervisor) Boot(children []ChildSpec, ready func(error)) {
	s.ask(ready, func(r *rules) { r.begin(children, ready) })
}

// Add starts one more child. done is told when it is ready, or why it is not.
func (s *Supervisor) Add(spec ChildSpec, done func(error)) {
	s.ask(done, func(r *rules) { r.join(spec, done) })
}

// Terminate stops a child for good. Its spec stays, for Restart, unless it is
// temporary or dynamic. done is told when the child is gone.
func (s *Supervisor) Terminate(id string, done func(error)) {
	s.ask(done, func(r *rules) { r.terminate(id, done) })
}

// Restart stops a child if it runs and starts it again, which counts against no
// restart intensity. done is told when it is ready, or why it is not: one that ran
// is then started again like any other, one that had ended stays so.
func (s *Supervisor) Restart(id string, done func(error)) {
	s.ask(done, func(r *rules) { r.restart(id, done) })
}

// Forget removes the spec of a child that has ended.
func (s *Supervisor) Forget(id string, done func(error)) {
	s.ask(done, func(r *rules) {
		err := r.forget(id)
		r.hands.later(func() { done(err) })
	})
}

// Failing has an incarnation of a child stop (its number is Again.Count), and
// counts that as its failure, with exit.
func (s *Supervisor) Failing(id string, incarnation int, exit Exit) {
	s.post(job{run: func(r *rules) { r.failing(id, incarnation, exit) }})
}

// Stop stops the children, the last one first, and with them the supervisor. done
// is told when no child is left.
func (s *Supervisor) Stop(o Order, done func()) {
	s.post(job{run: func(r *rules) {
		if r.done {
			r.hands.later(done)
			return
		}
		s.asked = append(s.asked, done)
		r.stop(o)
	}, refuse: done})
}

// Warn has the shutdown times of the children run from since on, here and below.
// Stop is to follow: nothing starts any more until the supervisor begins anew.
func (s *Supervisor) Warn(since time.Time) {
	s.post(job{run: func(r *rules) { r.warn(since) }})
}

// Cut cuts off what the children do, here and below, and what they still do when
// they are told to end. It goes with Stop, which it does not replace.
func (s *Supervisor) Cut() {
	s.post(job{run: func(r *rules) { r.cut() }})
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

// crashed is how a supervisor ends whose process has stopped under it.
func crashed() Exit { return Exit{Reason: ReasonError, Err: errCrashed} }

var errCrashed = errors.New("the supervisor's own process failed")

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
			c.pid = nil
			f := c.Child.Fallen()
			s.catchUp(c, f)
			s.rules.gone(c, f.Exit)
		})
	case *actor.Stopping: // it has failed, unless the rules are done
		s.handle(ctx, func() { s.rules.end(crashed(), Order{Reason: ReasonShutdown}) })
	case *actor.Stopped:
		s.handle(ctx, func() { s.rules.abandon() })
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

// catchUp takes in that a child was ready before it ended: protoactor delivers the
// ends of processes before what they have said.
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

// handle runs f with the rules and then tells what has come of it, without the
// lock, so that who is told may ask.
func (s *Supervisor) handle(ctx actor.Context, f func()) {
	for _, tell := range s.locked(ctx, f) {
		tell()
	}
}

func (s *Supervisor) locked(ctx actor.Context, f func()) []func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx = ctx
	f()
	tells := s.tells
	s.ctx, s.tells = nil, nil
	return tells
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
