package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// tellEvents has a node tell events.
func (r *nodeChains) tellEvents(ctx context.Context, o *eventOptions, to *eventWriter) error {
	if o.tail != nil {
		return r.tellTail(ctx, o, to)
	}
	request := &theaterv1.EventsRequest{Target: o.target, From: o.from, Limit: o.limit, Types: o.types, Follow: o.follow}
	if !o.since.IsZero() {
		request.Since = timestamppb.New(o.since.Time)
		if request.From == nil {
			request.From = new(uint64) // also where it follows
		}
	}
	return r.tellStream(ctx, request, to, func() (func(*actorEvent) bool, error) { return everyEvent, nil })
}

func everyEvent(*actorEvent) bool { return true }

// tellStream tells what a stream of events has. Once it has begun, begun says which of
// them are wanted.
func (r *nodeChains) tellStream(ctx context.Context, request *theaterv1.EventsRequest, to *eventWriter, begun func() (wanted func(*actorEvent) bool, err error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := r.Chain.Events(ctx, request)
	if err != nil {
		return r.explain(ctx, err)
	}
	defer stream.Close()
	var wanted func(*actorEvent) bool // nil until it has begun
	for stream.Receive() {
		if wanted == nil {
			if err = to.begin(); err == nil {
				wanted, err = begun()
			}
		}
		if stream.Msg().Event != nil && err == nil {
			to.lag.tell(stream.Msg().Behind)
			if e := r.eventOf(ctx, stream.Msg().Event); wanted(e) {
				err = to.event(e)
			}
		}
		if err != nil {
			return errors.Join(to.to.Flush(), err)
		}
	}
	err = r.brokenOff(ctx, stream.Err(), wanted != nil)
	if request.Follow && leftOff(ctx, wanted != nil) {
		err = nil
	}
	if err != nil {
		return errors.Join(to.to.Flush(), err)
	}
	return to.end()
}

// leftOff reports whether the user has had enough of a stream: by Ctrl-C, or by
// --timeout once it has begun.
func leftOff(ctx context.Context, told bool) bool {
	cause := context.Cause(ctx)
	return errors.Is(cause, ErrInterrupted) || told && errors.Is(cause, errTimeout)
}

// brokenOff is why a stream that has told something, or nothing, tells no more; nil is
// that it is over.
func (n *conn) brokenOff(ctx context.Context, err error, told bool) error {
	if err != nil && told && ctx.Err() == nil && api.ErrorOf(err).Code == api.CodeUnreachable {
		return &failure{code: codeNoNode, cause: fmt.Errorf("the node at %s is gone", n.Address()), hint: "theater serve starts it again"}
	}
	return n.explain(ctx, err)
}

// errEnough ends a walk along chains.
var errEnough = errors.New("there is enough")

// tellChains tells the events of chains that nobody writes.
func tellChains(ctx context.Context, r chain.Reader, o *eventOptions, to *eventWriter) error {
	var all []chain.Summary
	if o.target != "" {
		s, err := find(ctx, r, o.target)
		if err != nil {
			return err
		}
		all = append(all, s)
	} else {
		for s, err := range r.Actors(ctx) {
			if err != nil {
				return err
			}
			all = append(all, s)
		}
	}
	if err := to.begin(); err != nil {
		return err
	}
	for _, s := range asTrees(all) {
		if err := tellChain(ctx, r, s, o, to); errors.Is(err, errEnough) {
			break
		} else if err != nil {
			return errors.Join(to.to.Flush(), err)
		}
	}
	return to.end()
}

func tellChain(ctx context.Context, r chain.Reader, s chain.Summary, o *eventOptions, to *eventWriter) error {
	if o.tail != nil {
		events, err := newest(s, *o.tail, func(from uint64) eventSeq { return chainEvents(ctx, r, s, o, from) })
		for _, e := range events {
			err = errors.Join(err, to.event(e))
		}
		return err
	}
	from := uint64(0)
	if o.from != nil {
		from = *o.from
	}
	for e, err := range chainEvents(ctx, r, s, o, from) {
		if err == nil {
			err = to.event(e)
		}
		if err != nil {
			return err
		}
		if to.elements == o.limit {
			return errEnough
		}
	}
	return nil
}

// eventSeq are events, and why there are no more.
type eventSeq = iter.Seq2[*actorEvent, error]

// chainEvents are the events of a chain that are wanted.
func chainEvents(ctx context.Context, r chain.Reader, s chain.Summary, o *eventOptions, from uint64) eventSeq {
	return func(yield func(*actorEvent, error) bool) {
		events := newEventReader(ctx, r, s)
		at := int64(0) // of the newest event that has a time
		for record, err := range r.Records(ctx, s.ID, from) {
			if err != nil {
				yield(nil, err)
				return
			}
			for i, of := range record.Events {
				e := &actorEvent{Actor: s.ID, Path: s.Path, Record: record.Number, Index: uint32(i), Hash: &record.Hash, event: events.event(of)}
				if at = max(at, e.at); !o.since.IsZero() && at < o.since.UnixNano() || !o.types.wants(&e.event) {
					continue
				}
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// wants reports whether an event is of one of the kinds, or there are none.
func (f kindFlag) wants(e *event) bool {
	return len(f) == 0 || slices.ContainsFunc(f, func(t string) bool {
		kind, about, narrow := strings.Cut(t, ":")
		return kind == e.Kind && (!narrow || about == e.aspect())
	})
}

// aspect is what of its kind an event is: a function, a status or a change.
func (e *event) aspect() string {
	switch e.Kind {
	case "result":
		return e.Status
	case "lifecycle":
		return e.What
	}
	return e.Function
}
