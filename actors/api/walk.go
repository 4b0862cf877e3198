package api

import (
	"context"
	"errors"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
)

// walk says which chains are read, and from where on.
type walk struct {
	target string  // "" is all live actors
	below  bool    // those below target too
	from   *uint64 // the first record; nil is the oldest, or the next one when it follows
	follow bool
}

// sink takes the records that a walk comes by.
type sink interface {
	// begin is called once nothing more can be missed.
	begin() error
	// record is given the records of an actor in their order. errEnough ends the walk.
	record(t *trail, r *chain.Record) error
	// flush is called where there is nothing more for now.
	flush() error
}

// errEnough says that nothing more is wanted.
var errEnough = errors.New("there is enough")

// trail is how far a walk has come with an actor.
type trail struct {
	sum  chain.Summary // when the walk met it
	next uint64        // record
	time int64         // of the newest event that has one
	show *eventShower  // made when it is needed
}

// walker goes along chains.
type walker struct {
	*Server
	walk
	sink
	trails map[chain.ID]*trail
}

// yield gives a sink the records of a walk.
func (s *Server) yield(ctx context.Context, w walk, to sink) error {
	err := (&walker{Server: s, walk: w, sink: to, trails: map[chain.ID]*trail{}}).run(ctx)
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err == nil {
		err = to.flush()
	}
	return err
}

func (w *walker) run(ctx context.Context) error {
	var ref actors.Ref
	if w.target != "" {
		var err error
		if ref, err = w.System.Lookup(w.target); err != nil {
			return w.old(ctx)
		}
	}
	tail, heads, err := w.System.Tail(ref, w.below)
	if err != nil {
		return err
	}
	defer tail.Close()
	if err := w.begin(); err != nil {
		return err
	}
	for _, h := range heads {
		first := uint64(0)
		switch {
		case w.from != nil:
			first = *w.from
		case w.follow:
			first = h.Records
		}
		if err := w.reach(ctx, h, first); err != nil {
			return err
		}
	}
	over := len(heads) > 0 && heads[0].Ended && heads[0].ID == ref.ID
	if !w.follow || over {
		return nil
	}
	return w.keepUp(ctx, tail, ref)
}

// old walks along the chain of an actor that does not live any more.
func (w *walker) old(ctx context.Context) error {
	sum, err := w.onLog(ctx, w.target)
	if err != nil {
		return err
	}
	if err := w.begin(); err != nil {
		return err
	}
	first := uint64(0)
	if w.from != nil {
		first = *w.from
	}
	return w.reach(ctx, actors.Head{Ref: actors.Ref{ID: sum.ID, Path: sum.Path}, Records: sum.Records}, first)
}

// keepUp goes on until the actor that it was told of has ended.
func (w *walker) keepUp(ctx context.Context, tail *actors.Tail, ref actors.Ref) error {
	for {
		if err := w.flush(); err != nil {
			return err
		}
		select {
		case <-tail.Changed():
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-w.base.Done():
			return errEnding
		}
		over := false
		for _, h := range tail.Take() {
			if err := w.reach(ctx, h, 0); err != nil {
				return err
			}
			if h.Ended {
				delete(w.trails, h.ID)
				over = over || w.target != "" && h.ID == ref.ID
			}
		}
		if over {
			return nil
		}
	}
}

// reach reads an actor's records up to its head, from where it has come to, or from
// the first that is wanted.
func (w *walker) reach(ctx context.Context, head actors.Head, first uint64) error {
	t := w.trails[head.ID]
	if t == nil {
		sum, err := w.Log.Summary(ctx, head.ID)
		switch {
		case errors.Is(err, chain.ErrNotFound) && w.target != "" && !w.below:
			return refuse(CodeNoChain, "%s has no chain in the node's log: its manifest says durability = \"memory\"", head.Path).at("target")
		case errors.Is(err, chain.ErrNotFound):
			return nil
		case err != nil:
			return err
		}
		t = &trail{sum: sum, next: first}
		w.trails[head.ID] = t
	}
	if t.next >= head.Records {
		return nil
	}
	for record, err := range w.Log.Records(ctx, head.ID, t.next) {
		switch {
		case err != nil:
			return err
		case record.Number >= head.Records:
			return nil
		}
		t.next = record.Number + 1
		if err := w.record(t, &record); err != nil {
			return err
		}
	}
	return nil
}
