package actors

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
)

// turnRoom is how many bytes of the log's queue a turn reserves when it is
// admitted. Most turns need less; what one needs more, it need not wait for.
const turnRoom = 4096

// lookForRoom is how often a log without room is asked whether it has some.
const lookForRoom = time.Second

// room is where those wait whose turns the log does not admit, for its disk is too
// full. While any do, it asks the log again and again.
type room struct {
	writer chain.Writer
	after  func(time.Duration, func()) (stop func() bool)

	mu      sync.Mutex
	waiting []func()    // guarded by mu; they do not wait
	stop    func() bool // guarded by mu; of the timer, nil while there is none
	closed  bool        // guarded by mu
}

// await calls f once the log admits turns again, or never any more. After a close it
// does not.
func (r *room) await(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, f)
	r.watchLocked()
}

func (r *room) watchLocked() {
	if len(r.waiting) > 0 && r.stop == nil && !r.closed {
		r.stop = r.after(lookForRoom, r.look)
	}
}

// look lets those who wait go on if there is room. Those for whom it is not enough
// come back.
func (r *room) look() {
	err := r.writer.Room()
	r.mu.Lock()
	r.stop = nil
	var ready []func()
	if errors.Is(err, chain.ErrNoSpace) {
		r.watchLocked()
	} else {
		ready, r.waiting = r.waiting, nil
	}
	r.mu.Unlock()
	for _, f := range ready {
		f()
	}
}

func (r *room) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed, r.waiting = true, nil
	if r.stop != nil {
		r.stop()
	}
}

// hasRoom is nil while the log of the blueprint's actors admits turns. Messages and
// spawns from outside are refused otherwise, before anybody relies on them.
func (b *Blueprint) hasRoom() error { return b.writer.Room() }

// admit has the log admit a turn. The caller gives the room back. A log that never will
// again halts the actor.
func (p *process) admit() error {
	ctx := p.life.ctx
	err := p.writer.Reserve(ctx, turnRoom)
	if err == nil {
		return nil
	}
	killed := (*wasm.Trap)(nil)
	switch cut := errors.As(context.Cause(ctx), &killed); {
	case cut && killed != errHalted:
		return killed
	case errors.Is(err, chain.ErrNoSpace):
	case cut || ctx.Err() == nil:
		p.haltErr = err
		p.logger().Error("the chain cannot go on", "error", err)
	}
	return err
}

// admitInit is admit for a turn that nothing can go before: it waits for room until
// the actor is told to end.
func (p *process) admitInit() error {
	for {
		err := p.admit()
		if !errors.Is(err, chain.ErrNoSpace) {
			return err
		}
		roomy := make(chan struct{})
		p.system.room.await(func() { close(roomy) })
		p.control.mailbox.blocking()
		select {
		case <-roomy:
		case <-p.life.ctx.Done():
		case <-p.control.told(p.life):
			err = errTold
		}
		p.control.mailbox.unblocked()
		if err == errTold {
			return err
		}
	}
}

// turnAway is for a message whose turn is not admitted. Who waits for its answer is
// told, for nothing has come of it, and so are those who wait for others. One that
// nobody waits for has been promised: it stays the first in the mailbox.
func (p *process) turnAway(e *envelope, err error) {
	m := &p.control.mailbox
	if e.reply != nil {
		e.reply.deliver(p.failure(err))
		return
	}
	asked, open := m.retain(e)
	for _, d := range asked {
		d.(*envelope).reply.deliver(p.failure(err))
	}
	if !open { // it is told to end
		p.control.putBack(e)
		return
	}
	p.system.room.await(m.roomy)
}
