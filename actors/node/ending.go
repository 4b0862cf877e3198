package node

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// suspendTime is how long turns under way may take to end when the time in which
// messages were handled is over.
const suspendTime = time.Second

// end ends the node in order: it takes no more work, handles what waits for as long
// as limit, suspends the actors, answers, and closes.
func (d *daemon) end(why string, limit time.Duration) error {
	ctx, cancel := d.killable()
	defer cancel()
	d.notify.stopping("handling what waits")
	d.notify.longer(limit + endTime)
	d.Logger.Info("node drains", "why", why, "limit", limit.String())
	begun := d.Now()
	d.condition.become(StateDraining, why)
	bounded, stop := context.WithTimeout(ctx, limit)
	defer stop()
	<-d.recovered // whose context has ended
	if waiting := d.settle(bounded); waiting > 0 {
		d.Logger.Warn("messages of clients are not handled: the time of drain is over", "messages", waiting)
	}
	d.condition.become(StateStopping, why)
	d.notify.stopping("suspending the actors")
	left := max(limit-d.Now().Sub(begun), suspendTime)
	suspending, done := context.WithTimeout(ctx, left)
	defer done()
	live := d.node.System.Stats().Live()
	errs := []error{d.node.spendReserve(), d.node.System.Suspend(suspending)}
	d.Logger.Info("actors suspended", "actors", live, "took", d.Now().Sub(begun).String())
	return errors.Join(append(errs, d.close())...)
}

// endTime is how long an end may take beyond its limit.
const endTime = 10 * time.Second

// killable is the context of the end, which the user may cut short.
func (d *daemon) killable() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	d.group.Go(func() {
		select {
		case <-d.Kill:
			d.Logger.Warn("what still runs is killed")
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, cancel
}

// The times between two looks at what waits.
const (
	settleFirst = time.Millisecond
	settleLast  = 50 * time.Millisecond
)

// settle waits until no message of a client waits or is handled, and returns how many
// are when ctx ends first. The actors' own need no waiting for: the next node delivers
// them again.
func (d *daemon) settle(ctx context.Context) (waiting int) {
	for pause := settleFirst; ; pause = min(2*pause, settleLast) {
		if waiting = d.node.System.Fleeting(); waiting == 0 {
			return 0
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return waiting
		}
	}
}

// fail ends a node whose log takes no more: nothing that it did from here on would be
// kept, so nothing more leaves it.
func (d *daemon) fail() error {
	err := fmt.Errorf("%w: %w", ErrLogStopped, d.node.store.Err())
	d.condition.become(StateFailed, err.Error())
	<-d.recovered
	d.Logger.Error("node failed", "error", err)
	d.notify.stopping("failed: " + err.Error())
	ctx, cancel := context.WithTimeout(context.Background(), suspendTime)
	defer cancel()
	// What the parts have to say of their ends follows from that.
	if later := errors.Join(d.node.System.Suspend(ctx), d.close()); later != nil {
		d.Logger.Debug("the end of a failed node", "error", later)
	}
	return err
}

// close ends the doors and then the node, and waits for all that the daemon has
// started.
func (d *daemon) close() error {
	var errs []error
	errs = append(errs, d.shut())
	if d.node != nil {
		ctx, cancel := context.WithTimeout(context.Background(), suspendTime)
		defer cancel()
		errs = append(errs, d.node.Close(ctx))
	}
	if d.socket != nil {
		errs = append(errs, d.socket.leave())
		d.socket = nil
	}
	return errors.Join(errs...)
}
