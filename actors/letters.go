package actors

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm/pack"
)

// unread is a message that was sent and neither received nor dropped.
type unread struct {
	sending
	target, body string
	readable     bool
}

// deliver puts the messages that waited into the mailboxes of those that are about
// to come up: before anything new, and those of one sender in its order. A message
// is delivered when its receiver is resumed, whatever has become of its sender; one
// to an actor that has ended is recorded as dropped when its sender is.
func (r *revival) deliver(ctx context.Context) error {
	if !slices.ContainsFunc(r.births, func(b *birth) bool { return !b.witness.face.mute() }) {
		return nil
	}
	if err := r.readOthers(ctx); err != nil {
		return err
	}
	sent := r.ledger.waiting()
	waiting := make([]unread, len(sent))
	err := spread(ctx, len(sent), func(i int) { waiting[i] = r.open(ctx, sent[i]) })
	if err != nil {
		return err
	}
	// The time of one guest never goes back, so this keeps the order of each sender.
	slices.SortFunc(waiting, func(a, b unread) int {
		return cmp.Or(cmp.Compare(a.time, b.time), bytes.Compare(a.at.Actor[:], b.at.Actor[:]),
			cmp.Compare(a.at.Record, b.at.Record), cmp.Compare(a.at.Index, b.at.Index))
	})
	addressees, err := r.addressees(ctx, waiting)
	if err != nil {
		return err
	}
	for i, l := range waiting {
		if to := addressees[i]; to != nil {
			r.post(l, *to)
		}
	}
	return nil
}

// readOthers reads what the chains tell of all actors that are not resumed. One that
// cannot be read tells nothing.
func (r *revival) readOthers(ctx context.Context) error {
	s := r.system
	others := slices.Clone(r.kin.others)
	for _, sum := range r.kin.left {
		if b := r.of[sum.ID]; b == nil {
			others = append(others, other{sum.ID, sum.Module})
		}
	}
	return spread(ctx, len(others), func(i int) {
		o := others[i]
		face, err := s.faces.of(ctx, s.config.Log, o.module)
		if err == nil && !face.mute() {
			w := &witness{log: s.config.Log, actor: o.id, face: face, ledger: &r.ledger}
			err = w.see(ctx, math.MaxUint64)
			w.tell()
		}
		if err != nil && ctx.Err() == nil {
			s.config.Logger.Warn("a chain cannot be read for messages", "id", o.id.String(), "error", err)
		}
	})
}

// open reads a message where it was sent.
func (r *revival) open(ctx context.Context, s sending) unread {
	l := unread{sending: s}
	err := func() error {
		for rec, err := range r.system.config.Log.Records(ctx, s.at.Actor, s.at.Record) {
			if err != nil {
				return err
			}
			l.target, l.body, err = r.message(ctx, rec.Events[s.at.Index])
			l.readable = err == nil
			return err
		}
		return chain.ErrNotFound
	}()
	if err != nil && ctx.Err() == nil {
		r.system.config.Logger.Warn("a message that waits cannot be read", "id", s.at.Actor.String(), "record", s.at.Record, "error", err)
	}
	return l
}

// message reads an event that has sent one.
func (r *revival) message(ctx context.Context, event chain.Event) (target, body string, err error) {
	host, ok := event.(*chain.Host)
	if !ok {
		return "", "", chain.ErrCorrupt
	}
	input, err := host.Input.Load(ctx, r.system.config.Log)
	if err != nil {
		return "", "", err
	}
	v, err := pack.Decode(input)
	if err != nil {
		return "", "", err
	}
	if v.Kind() != pack.KindTuple || v.Len() != 2 {
		return "", "", chain.ErrCorrupt
	}
	target, _ = v.At(0).AsString()
	body, _ = v.At(1).AsByteString()
	return target, body, nil
}

// addressees finds whom each message was meant for, nil where its actor is not on
// this log. A message that names a path was meant for the actor that had it then.
func (r *revival) addressees(ctx context.Context, waiting []unread) ([]*chain.Summary, error) {
	found := make([]*chain.Summary, len(waiting))
	at := map[string][]chain.Summary{} // of the paths that others than those who are left had
	for i, l := range waiting {
		switch {
		case !l.readable:
		case strings.HasPrefix(l.target, "/"):
			if found[i] = had(r.kin.at[l.target], l.time); found[i] == nil {
				at[l.target] = nil
			}
		default:
			id, err := chain.ParseID(l.target)
			if err != nil {
				continue
			}
			if sum, err := r.system.config.Log.Summary(ctx, id); err == nil {
				found[i] = &sum
			}
		}
	}
	if len(at) == 0 {
		return found, nil
	}
	for sum, err := range r.system.config.Log.Actors(ctx) {
		if err != nil {
			return nil, err
		}
		if _, asked := at[sum.Path]; asked {
			at[sum.Path] = append(at[sum.Path], sum)
		}
	}
	for i, l := range waiting {
		if found[i] == nil && l.readable {
			found[i] = cmp.Or(had(at[l.target], l.time), first(at[l.target], l.time))
		}
	}
	return found, nil
}

// had is the one of some actors, oldest first, that lived at a time.
func had(actors []chain.Summary, time int64) *chain.Summary {
	for i := range slices.Backward(actors) {
		if a := &actors[i]; a.Created <= time && (a.Status != chain.StatusStopped || a.Updated >= time) {
			return a
		}
	}
	return nil
}

// first is the one of them that lived first after it: it began while the turn ran.
func first(actors []chain.Summary, time int64) *chain.Summary {
	for i := range actors {
		if a := &actors[i]; a.Created > time {
			return a
		}
	}
	return nil
}

// post delivers a message, or notes who records that it is dropped.
func (r *revival) post(l unread, to chain.Summary) {
	from, receiver := r.goesOn(l.at.Actor), r.goesOn(to.ID)
	switch {
	case receiver != nil:
		c := receiver.control
		e, err := c.sendTo(l.body, chain.Cause{Kind: chain.CauseEvent, Event: l.at})
		if err != nil {
			receiver.process.lose(l.at, undeliverable, err.Error())
			r.now.Dropped++
			return
		}
		e.kept = true
		c.mailbox.restore(e)
		r.now.Delivered++
	case to.Status == chain.StatusStopped && from != nil:
		from.process.lose(l.at, undeliverable, fmt.Sprintf("actor %s: %v", to.Path, ErrStopped))
		r.now.Dropped++
	case to.Status != chain.StatusStopped:
		r.drops[to.ID] = append(r.drops[to.ID], l.at) // if it is an orphan
	}
}

// goesOn is the birth of an actor that is resumed, nil for others.
func (r *revival) goesOn(id chain.ID) *birth {
	if r.left[id] {
		return nil
	}
	return r.of[id]
}
