package api

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// actorService starts, ends and shows actors. What it answers the log keeps by then.
type actorService struct{ *Server }

// live finds the actor that a request names.
func (s *Server) live(target string) (actors.Ref, error) {
	if target == "" {
		return actors.Ref{}, invalid("target", "the request names no actor").hinting("a target is a path or an id")
	}
	return s.System.Lookup(target)
}

// found is live, with what can be seen of the actor.
func (s *Server) found(target string) (actors.Ref, *theaterv1.Actor, error) {
	ref, err := s.live(target)
	if err != nil {
		return ref, nil, named(err)
	}
	return ref, s.seen(ref), nil
}

// named says that it is the target that is wrong.
func named(err error) error {
	r := *refusalOf(err)
	return r.at("target")
}

// seen is what can be seen of an actor now.
func (s *Server) seen(ref actors.Ref) *theaterv1.Actor {
	info, err := s.System.Inspect(ref)
	if err != nil {
		return &theaterv1.Actor{Id: ref.ID.String(), Path: ref.Path}
	}
	return newShower().actor(info)
}

func (s *actorService) Stop(ctx context.Context, r *theaterv1.StopRequest) (*theaterv1.StopResponse, error) {
	timeout, err := duration("timeout", r.Timeout)
	if err != nil {
		return nil, err
	}
	ref, _, err := s.found(r.Target)
	if err != nil {
		return nil, err
	}
	if err := s.System.Dismiss(ref); err != nil {
		return nil, err
	}
	var exited *theaterv1.Exit
	if r.Timeout == nil {
		exited, err = s.outlast(ctx, ref)
	} else {
		exited, err = s.stopWithin(ctx, ref, timeout)
	}
	if err != nil {
		return nil, err
	}
	return &theaterv1.StopResponse{Actor: s.seen(ref), Exit: exited}, s.System.Flush(ctx)
}

// stopWithin kills what has not ended in time. That its client has gone changes
// nothing for the actor.
func (s *actorService) stopWithin(ctx context.Context, ref actors.Ref, timeout time.Duration) (*theaterv1.Exit, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	exited, err := s.System.Stop(ctx, ref)
	return exit(exited), err
}

// outlast waits for the end of an actor.
func (s *actorService) outlast(ctx context.Context, ref actors.Ref) (*theaterv1.Exit, error) {
	exited, err := s.System.Await(ctx, ref)
	if err != nil {
		return nil, err
	}
	return exit(exited), nil
}

func (s *actorService) Restart(ctx context.Context, r *theaterv1.RestartRequest) (*theaterv1.RestartResponse, error) {
	ref, _, err := s.found(r.Target)
	if err != nil {
		return nil, err
	}
	if err := s.System.Restart(ctx, ref); err != nil {
		return nil, err
	}
	return &theaterv1.RestartResponse{Actor: s.seen(ref)}, s.System.Flush(ctx)
}

func (s *actorService) Kill(ctx context.Context, r *theaterv1.KillRequest) (*theaterv1.KillResponse, error) {
	ref, _, err := s.found(r.Target)
	if err != nil {
		return nil, err
	}
	// It waits for microseconds, and is not undone by a client that goes away.
	exited, err := s.System.Kill(context.WithoutCancel(ctx), ref)
	if err != nil {
		return nil, err
	}
	return &theaterv1.KillResponse{Actor: s.seen(ref), Exit: exit(exited)}, s.System.Flush(ctx)
}

// GetState shows the state after the last turn that succeeded.
func (s *actorService) GetState(_ context.Context, r *theaterv1.GetStateRequest) (*theaterv1.GetStateResponse, error) {
	ref, shown, err := s.found(r.Target)
	if err != nil {
		return nil, err
	}
	state, err := s.System.State(ref)
	if err != nil {
		return nil, err
	}
	return &theaterv1.GetStateResponse{Actor: shown, State: valueOf(state, wholly)}, nil
}

// GetMetrics shows the counters of one actor.
func (s *actorService) GetMetrics(ctx context.Context, r *theaterv1.GetMetricsRequest) (*theaterv1.GetMetricsResponse, error) {
	ref, err := s.live(r.Target)
	if err != nil {
		return nil, named(err)
	}
	d, err := s.System.Detail(ref)
	if err != nil {
		return nil, err
	}
	sum, err := s.Log.Summary(ctx, d.ID) // of one that the log does not have, all is zero
	if err != nil && !errors.Is(err, chain.ErrNotFound) {
		return nil, err
	}
	return &theaterv1.GetMetricsResponse{
		Time: timestamppb.New(s.Now()), Actor: newShower().actor(d.Info), Records: sum.Records, Events: sum.Events,
	}, nil
}
