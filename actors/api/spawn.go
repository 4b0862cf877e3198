package api

import (
	"context"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// Spawn starts an actor.
func (s *actorService) Spawn(ctx context.Context, r *theaterv1.SpawnRequest) (*theaterv1.SpawnResponse, error) {
	spec, err := spawned(r)
	if err != nil {
		return nil, err
	}
	m, err := s.manifest(ctx, r)
	if err != nil {
		return nil, err
	}
	if spec.Blueprint, err = s.System.Prepare(ctx, m, nil); err != nil {
		return nil, unprepared(err)
	}
	if text, ok := r.State.(*theaterv1.SpawnRequest_StateLiteral); ok {
		state, err := spec.Blueprint.ParseState(text.StateLiteral)
		if err != nil {
			return nil, misfit("stateLiteral", err)
		}
		spec.State = &state
	}
	ref, err := s.System.Spawn(ctx, spec)
	if err != nil {
		return nil, unborn(err)
	}
	answer := &theaterv1.SpawnResponse{}
	if r.Wait {
		if answer.Exit, err = s.outlast(ctx, ref); err != nil {
			return nil, err
		}
	}
	answer.Actor = s.seen(ref)
	return answer, s.System.Flush(ctx)
}

// spawned is what a request says of the actor beside its source and a literal, which
// is read as what that declares.
func spawned(r *theaterv1.SpawnRequest) (actors.Spec, error) {
	spec := actors.Spec{Name: r.Name, Supersede: r.Supersede}
	if r.Name != "" {
		if err := manifest.CheckName(r.Name); err != nil {
			return spec, invalid("name", "name %.40q: %w", r.Name, err)
		}
	}
	if state, ok := r.State.(*theaterv1.SpawnRequest_StateEncoded); ok {
		v, err := decoded("stateEncoded", state.StateEncoded)
		if err != nil {
			return spec, err
		}
		spec.State = &v
	}
	return spec, nil
}

// manifest reads what is to be spawned.
func (s *actorService) manifest(ctx context.Context, r *theaterv1.SpawnRequest) (*manifest.Manifest, error) {
	switch source := r.Source.(type) {
	case *theaterv1.SpawnRequest_Path:
		if err := permit(caller(ctx), ScopeAdmin); err != nil {
			return nil, err
		}
		if source.Path == "" {
			return nil, invalid("path", "the path is empty")
		}
		m, err := manifest.Load(source.Path, s.Handlers)
		if err != nil {
			return nil, unprepared(err).at("path")
		}
		return m, nil
	case *theaterv1.SpawnRequest_Bundle:
		return s.bundles.load(source.Bundle, s.Handlers)
	}
	return nil, invalid("path", "the request has neither a path nor a bundle")
}

// unborn is why an actor did not start.
func unborn(err error) error {
	if r := refusalOf(err); r.code != CodeInternal && r.code != CodeGuestFailed {
		return r
	}
	return refuse(CodeInitFailed, "%w", err)
}
