package api

import (
	"context"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// Events yields the events of an actor, or of all live ones.
func (s *chainService) Events(ctx context.Context, r *theaterv1.EventsRequest, out *connect.ServerStream[theaterv1.EventsResponse]) error {
	for _, t := range r.Types {
		if kind, _, _ := strings.Cut(t, ":"); !slices.Contains(kinds, kind) {
			return invalid("types", "%.40q is no kind of event", kind).hinting("kinds are " + strings.Join(kinds, ", "))
		}
	}
	if err := r.Since.CheckValid(); r.Since != nil && err != nil {
		return invalid("since", "since is no time")
	}
	if r.Under && r.Target == "" {
		return invalid("target", "under goes with a target")
	}
	to := &eventSender{ctx: ctx, server: s.Server, out: out, most: r.Limit, types: r.Types}
	if r.Since != nil {
		to.since = r.Since.AsTime().UnixNano()
	}
	return s.yield(ctx, walk{target: r.Target, below: r.Under, from: r.From, follow: r.Follow}, to)
}

var kinds = []string{"genesis", "call", "host", "intent", "outcome", "key", "result", "lifecycle"}

// eventSender sends those events that are wanted.
type eventSender struct {
	ctx    context.Context
	server *Server
	out    *connect.ServerStream[theaterv1.EventsResponse]
	types  []string
	since  int64
	most   uint64 // 0 is no limit
	sent   uint64
}

func (s *eventSender) record(t *trail, r *chain.Record, behind *uint64) error {
	if t.show == nil {
		t.show = s.server.events(s.ctx, t.sum)
	}
	for i, e := range r.Events {
		t.time = max(t.time, timeOf(e))
		if t.time < s.since || !s.wants(t.show, e) {
			continue
		}
		if err := s.out.Send(&theaterv1.EventsResponse{Event: t.show.event(r, i), Behind: behind}); err != nil {
			return err
		}
		if s.sent++; s.sent == s.most {
			return errEnough
		}
	}
	return nil
}

func (s *eventSender) begin() error { return s.out.Send(&theaterv1.EventsResponse{}) }

func (s *eventSender) flush() error { return nil }

func (s *eventSender) wants(n *eventShower, e chain.Event) bool {
	if len(s.types) == 0 {
		return true
	}
	kind := chain.KindOf(e)
	return slices.ContainsFunc(s.types, func(t string) bool {
		wanted, about, narrow := strings.Cut(t, ":")
		return wanted == kind && (!narrow || about == aspect(n, e))
	})
}

// aspect is what of its kind an event is: a function, a status or a change.
func aspect(n *eventShower, e chain.Event) string {
	switch e := e.(type) {
	case *chain.Call:
		return n.module.ExportName(e.Export)
	case *chain.Host:
		return n.module.ImportName(e.Import)
	case *chain.Intent:
		return n.module.ImportName(e.Import)
	case *chain.Outcome:
		return n.module.ImportName(e.Import)
	case *chain.Result:
		return e.Status.String()
	case *chain.Lifecycle:
		return e.What.String()
	}
	return ""
}

// timeOf is 0 for an event without a time of its own.
func timeOf(e chain.Event) int64 {
	switch e := e.(type) {
	case *chain.Genesis:
		return e.Time
	case *chain.Call:
		return e.Time
	case *chain.Outcome:
		return e.Time
	case *chain.Lifecycle:
		return e.Time
	}
	return 0
}
