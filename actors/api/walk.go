package api

import (
	"context"
	"errors"
	"iter"
	"strings"

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
	// record is given the records of an actor in their order, and how many the log has
	// behind those that were taken up with it, nil where that is not known. errEnough
	// ends the walk.
	record(t *trail, r *chain.Record, behind *uint64) error
	// flush is called where there is nothing more for now.
	flush() error
}

var (
	// errEnough says that nothing more is wanted.
	errEnough = errors.New("there is enough")
	// errBehind says that a walk is far behind the log.
	errBehind = errors.New("far behind")
)

// trail is how far a walk has come with an actor.
type trail struct {
	sum  chain.Summary // when the walk met it last
	next uint64        // record
	head chain.Hash    // of the record before
	time int64         // of the newest event that has one
	show *eventShower  // made when it is needed
}

// walker goes along chains.
type walker struct {
	*Server
	walk
	sink
	of     actors.Ref          // target; none is all
	trails map[chain.ID]*trail // nil is of an actor that is not meant
	behind *uint64             // how far it lags, nil while it reads chains
	over   bool                // of is at its end
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
	if w.target != "" {
		var err error
		if w.of, err = w.System.Lookup(w.target); err != nil {
			return w.old(ctx)
		}
	}
	err := errBehind
	for begun := false; errors.Is(err, errBehind); begun = true {
		err = w.round(ctx, begun)
	}
	return err
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
	return w.reach(ctx, &trail{sum: sum, next: first})
}

// round walks along the chains that are meant, and then, when it follows, along what
// the log has taken since it began.
func (w *walker) round(ctx context.Context, begun bool) error {
	tail := w.Log.Tail(ctx)
	w.behind = nil
	var all []*trail
	for _, ref := range w.meant() {
		t, err := w.meet(ctx, ref)
		switch {
		case err != nil:
			return err
		case t != nil:
			all = append(all, t)
		}
	}
	if !begun {
		if err := w.begin(); err != nil {
			return err
		}
	}
	for _, t := range all {
		if err := w.reach(ctx, t); err != nil {
			return err
		}
	}
	if !w.follow || w.over {
		return nil
	}
	return w.keepUp(ctx, tail)
}

// meant are the actors that live and whose chains are meant.
func (w *walker) meant() (all []actors.Ref) {
	if w.target != "" {
		all = append(all, w.of)
	}
	if w.single() {
		return all
	}
	for _, info := range w.System.List() {
		if info.ID != w.of.ID && w.means(info.Path) {
			all = append(all, info.Ref)
		}
	}
	return all
}

// single reports whether one actor is meant alone.
func (w *walker) single() bool { return w.target != "" && !w.below }

// means reports whether the actor with a path is meant.
func (w *walker) means(path string) bool {
	return w.target == "" || path == w.of.Path || w.below && strings.HasPrefix(path, w.of.Path+"/")
}

// meet begins the trail of an actor that lives, or finds how far its chain goes now. It is
// nil for one without a chain.
func (w *walker) meet(ctx context.Context, ref actors.Ref) (*trail, error) {
	sum, err := w.Log.Summary(ctx, ref.ID)
	switch {
	case errors.Is(err, chain.ErrNotFound) && w.single():
		return nil, refuse(CodeNoChain, "%s has no chain in the node's log: its manifest says durability = \"memory\"", ref.Path).at("target")
	case errors.Is(err, chain.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	w.over = w.over || ref.ID == w.of.ID && sum.Status == chain.StatusStopped
	if t := w.trails[ref.ID]; t != nil {
		t.sum = sum
		return t, nil
	}
	t := &trail{sum: sum, head: sum.Head}
	switch {
	case w.from != nil:
		t.next = *w.from
	case w.follow:
		t.next = sum.Records
	}
	w.trails[ref.ID] = t
	return t, nil
}

// reach reads an actor's records up to the newest. One that follows leaves to the tail
// what has come since the actor was met: there it comes in the order of the log.
func (w *walker) reach(ctx context.Context, t *trail) error {
	if w.follow && t.next >= t.sum.Records {
		return nil
	}
	for record, err := range w.Log.Records(ctx, t.sum.ID, t.next) {
		if err == nil {
			err = w.step(t, &record)
		}
		if err != nil {
			return err
		}
		w.over = w.over || record.Actor == w.of.ID && record.IsLast()
		if w.follow && t.next >= t.sum.Records {
			return nil
		}
	}
	return nil
}

// step comes by a record, which is not the first time where the walk of a chain and
// the tail of the log overlap.
func (w *walker) step(t *trail, r *chain.Record) error {
	t.head = r.Hash
	if r.Number < t.next {
		return nil
	}
	t.next = r.Number + 1
	return w.record(t, r, w.behind)
}

// keepUp goes on until the actor that it was told of has ended.
func (w *walker) keepUp(ctx context.Context, tail iter.Seq2[chain.Lot, error]) error {
	if err := w.flush(); err != nil {
		return err
	}
	for lot, err := range tail {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		w.behind = &lot.Behind
		for i := range lot.Records {
			if err := w.tailed(ctx, &lot.Records[i]); err != nil || w.over {
				return err
			}
		}
		if err := w.flush(); err != nil {
			return err
		}
		if w.single() && lot.Behind >= w.farBehind {
			return errBehind
		}
	}
	return nil
}

// tailed comes by a record of the tail, of whomever it is.
func (w *walker) tailed(ctx context.Context, s *chain.Stored) error {
	if w.single() && s.Actor != w.of.ID {
		return nil
	}
	t, met := w.trails[s.Actor]
	if !met {
		sum, err := w.Log.Summary(ctx, s.Actor)
		if err != nil {
			return err
		}
		if w.means(sum.Path) {
			t = &trail{sum: sum, next: s.Number}
		}
		w.trails[s.Actor] = t
	}
	if t == nil {
		return nil
	}
	record, err := s.Record(t.head)
	if err == nil {
		err = w.step(t, &record)
	}
	if err == nil && rests(&record) {
		delete(w.trails, s.Actor)
		w.over = s.Actor == w.of.ID
	}
	return err
}

// rests reports whether no record follows in this run of the node.
func rests(r *chain.Record) bool {
	l, ok := r.Events[len(r.Events)-1].(*chain.Lifecycle)
	return ok && (l.What == chain.LifecycleStopped || l.What == chain.LifecycleSuspended)
}
