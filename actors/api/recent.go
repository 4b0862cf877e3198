package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm"
)

const (
	shownTurns    = 10
	shownRestarts = 10
	// recentRecords is how far back an inspection looks for them.
	recentRecords = 64
)

// recent adds what the end of the chain tells: its last turns, and restarts that
// came before the actor was resumed. A chain that the log does not have tells
// nothing.
func (s *actorService) recent(ctx context.Context, d *actors.Detail, answer *theaterv1.InspectResponse) error {
	restarts := map[uint64]*theaterv1.RestartEntry{}
	for _, r := range d.Restarted {
		restarts[r.Record] = &theaterv1.RestartEntry{
			Time: timestamppb.New(r.Time), Reason: string(r.Reason), Detail: text(r.Detail),
			Count: uint32(r.Count), Wait: span(r.Wait), Record: r.Record,
		}
	}
	t := turns{module: s.layouts.of(ctx, d.Module), server: s.Server, restarts: restarts}
	sum, err := s.Log.Summary(ctx, d.ID)
	if err == nil {
		answer.Chain.Events, answer.Chain.Updated = sum.Events, moment(sum.Updated)
		err = t.read(ctx, d.ID, sum.Records)
	}
	if err != nil && !errors.Is(err, chain.ErrNotFound) {
		return err
	}
	slices.Reverse(t.found)
	answer.Turns = t.found[:min(len(t.found), shownTurns)]
	for _, r := range restarts {
		answer.Restarts = append(answer.Restarts, r)
	}
	slices.SortFunc(answer.Restarts, func(a, b *theaterv1.RestartEntry) int { return cmp.Compare(b.Record, a.Record) })
	answer.Restarts = answer.Restarts[:min(len(answer.Restarts), shownRestarts)]
	for _, turn := range answer.Turns {
		turn.Cause = s.causeText(ctx, t.causes[turn])
	}
	return nil
}

// turns finds the turns in the records of an actor.
type turns struct {
	module   *wasm.Layout // nil where it is not known
	server   *Server
	found    []*theaterv1.TurnEntry // oldest first
	causes   map[*theaterv1.TurnEntry]chain.Cause
	open     *theaterv1.TurnEntry
	restarts map[uint64]*theaterv1.RestartEntry // by record
}

func (t *turns) read(ctx context.Context, id chain.ID, records uint64) error {
	t.causes = map[*theaterv1.TurnEntry]chain.Cause{}
	for record, err := range t.server.Log.Records(ctx, id, max(records, recentRecords)-recentRecords) {
		if err != nil {
			return err
		}
		for _, e := range record.Events {
			t.event(record.Number, e)
		}
	}
	return nil
}

func (t *turns) event(record uint64, e chain.Event) {
	switch e := e.(type) {
	case *chain.Call:
		t.open = &theaterv1.TurnEntry{Record: record, Time: moment(e.Time), Function: text(t.module.ExportName(e.Export))}
		t.found = append(t.found, t.open)
		t.causes[t.open] = e.Cause
	case *chain.Lifecycle:
		if e.What == chain.LifecycleRestart {
			t.restarts[record] = &theaterv1.RestartEntry{
				Time: moment(e.Time), Reason: e.Reason, Detail: text(e.Detail), Count: e.Count, Wait: span(time.Duration(e.Wait)), Record: record,
			}
		}
	case *chain.Host, *chain.Intent:
		if t.open != nil {
			t.open.Calls++
		}
	case *chain.Outcome:
		if t.open != nil && !e.Input.IsZero() { // else it was counted as an intent
			t.open.Calls++
		}
	case *chain.Result:
		if t.open != nil {
			t.open.Status, t.open.Text, t.open = e.Status.String(), text(e.Text), nil
		}
	}
}

// causeText names what made a turn happen: the path of an actor with an event, or a
// client.
func (s *Server) causeText(ctx context.Context, c chain.Cause) string {
	switch c.Kind {
	case chain.CauseExternal:
		return text(c.External)
	case chain.CauseEvent:
		return fmt.Sprintf("%s #%d.%d", s.pathOf(ctx, c.Event.Actor), c.Event.Record, c.Event.Index)
	}
	return ""
}

// pathOf is the id of an actor that is not known.
func (s *Server) pathOf(ctx context.Context, id chain.ID) string {
	if ref, err := s.System.Lookup(id.String()); err == nil {
		return ref.Path
	}
	if sum, err := s.Log.Summary(ctx, id); err == nil {
		return sum.Path
	}
	return id.String()
}
