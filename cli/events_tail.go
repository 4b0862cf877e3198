package cli

import (
	"context"
	"errors"
	"math"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// maxTail is the largest --tail: the events are held until the oldest of them is known.
const maxTail = 1 << 20

// newest are the newest n events of a chain. read yields those from a record on; it is
// asked for more and more of the end of the chain until there are enough.
func newest(s chain.Summary, n uint64, read func(from uint64) eventSeq) ([]*actorEvent, error) {
	var found []*actorEvent
	until, end := s.Records, uint64(math.MaxUint64) // what has come since is part of it
	for most := n; until > 0 && uint64(len(found)) < n; most *= 4 {
		from, missing := until-min(until, max(most, 1)), int(n)-len(found)
		var part []*actorEvent
		for e, err := range read(from) {
			if err != nil {
				return nil, err
			}
			if e.Record >= end {
				break
			}
			if part = append(part, e); len(part) > 2*missing {
				part = slices.Delete(part, 0, len(part)-missing)
			}
		}
		found = append(part[max(len(part)-missing, 0):], found...)
		until, end = from, from
	}
	return found, nil
}

// tellTail tells the newest events of a node's actors, and where that is followed what
// comes behind them. The stream of that begins first, so that nothing is missed.
func (r *nodeChains) tellTail(ctx context.Context, o *eventOptions, to *eventWriter) error {
	if o.follow {
		request := &theaterv1.EventsRequest{Target: o.target, Types: o.types, Follow: true}
		return r.tellStream(ctx, request, to, func() (func(*actorEvent) bool, error) {
			told, err := r.tellNewest(ctx, o, to)
			return func(e *actorEvent) bool {
				last, known := told[e.Actor]
				return !known || e.Record > last
			}, err
		})
	}
	if err := to.begin(); err != nil {
		return err
	}
	if _, err := r.tellNewest(ctx, o, to); err != nil {
		return errors.Join(to.to.Flush(), err)
	}
	return to.end()
}

// tellNewest tells the newest events of one actor or all that live, and returns in
// which record the last of each is.
func (r *nodeChains) tellNewest(ctx context.Context, o *eventOptions, to *eventWriter) (told map[chain.ID]uint64, err error) {
	all, err := r.told(ctx, o.target)
	if err != nil {
		return nil, err
	}
	told = map[chain.ID]uint64{}
	for _, s := range asTrees(all) {
		events, err := newest(s, *o.tail, func(from uint64) eventSeq {
			request := &theaterv1.EventsRequest{Target: s.ID.String(), From: &from, Types: o.types}
			if !o.since.IsZero() {
				request.Since = timestamppb.New(o.since.Time)
			}
			return explainedSeq(ctx, r, func() eventSeq { return r.events(ctx, request) })
		})
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			told[s.ID] = e.Record
			if err := to.event(e); err != nil {
				return nil, err
			}
		}
	}
	return told, nil
}

// told are the actors of a node whose events are told: one, or all that live.
func (r *nodeChains) told(ctx context.Context, target string) ([]chain.Summary, error) {
	if target != "" {
		s, err := find(ctx, r, target)
		return []chain.Summary{s}, err
	}
	live, err := r.live(ctx)
	if err != nil {
		return nil, err
	}
	var all []chain.Summary
	for s, err := range r.Actors(ctx) {
		if err != nil {
			return nil, err
		}
		if live[s.ID] {
			all = append(all, s)
		}
	}
	return all, nil
}

// events are those that a node has to tell.
func (r *nodeChains) events(ctx context.Context, request *theaterv1.EventsRequest) eventSeq {
	return func(yield func(*actorEvent, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := r.Chain.Events(ctx, request)
		if err != nil {
			yield(nil, err)
			return
		}
		defer stream.Close()
		for stream.Receive() {
			if e := stream.Msg().Event; e != nil && !yield(r.eventOf(ctx, e), nil) {
				return
			}
		}
		if err := stream.Err(); err != nil {
			yield(nil, err)
		}
	}
}
