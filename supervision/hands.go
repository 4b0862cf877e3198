package supervision

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// processHands do what the rules decide, in the process.
type processHands Supervisor

var _ hands = (*processHands)(nil)

func (h *processHands) start(c *child, a Again) {
	pid, err := h.begin(c, a)
	if err != nil {
		exit := Exit{Reason: ReasonInitFailed, Err: fmt.Errorf("start: %w", err)}
		(*Supervisor)(h).post(job{run: func(r *rules) { r.gone(c, exit) }})
		return
	}
	c.pid = pid
	h.byPID[pid.GetId()] = c
}

// begin has the child start. One whose code panics has not started.
func (h *processHands) begin(c *child, a Again) (pid *actor.PID, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v", reason)
		}
	}()
	return c.Child.Start(h.ctx, a)
}

// Where a start has failed there is nobody to be told anything; that it is gone
// follows.

func (h *processHands) halt(c *child) {
	if c.pid != nil {
		exit := Exit{Reason: ReasonShutdown}
		if c.cause != nil {
			exit = *c.cause
		}
		c.Child.Halt(h.ctx, exit)
	}
}

func (h *processHands) stop(c *child, o Order) {
	if c.pid != nil {
		c.Child.Stop(h.ctx, o)
	}
}

func (h *processHands) cut(c *child) {
	if c.pid != nil {
		c.Child.Cut()
	}
}

func (h *processHands) warn(c *child, since time.Time) {
	if c.pid != nil {
		c.Child.Warn(since)
	}
}

func (h *processHands) now() time.Time  { return h.config.Clock.Now() }
func (h *processHands) chance() float64 { return h.config.Chance() }
func (h *processHands) later(f func())  { h.tells = append(h.tells, f) }

func (h *processHands) observe(e Event) {
	if h.config.Observe != nil {
		h.later(func() { h.config.Observe(e) })
	}
}

func (h *processHands) ended(exit Exit) {
	if len(h.asked) > 0 {
		h.tells = append(h.tells, h.asked...)
		h.asked = nil
	} else if h.config.Ended != nil {
		h.later(func() { h.config.Ended(exit) })
	}
}

func (h *processHands) after(d time.Duration, f func()) func() bool {
	return h.config.Clock.AfterFunc(d, func() { (*Supervisor)(h).post(job{run: func(*rules) { f() }}) })
}
