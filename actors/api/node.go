package api

import (
	"context"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// nodeService shows and ends the node.
type nodeService struct{ *Server }

func (s *nodeService) Health(context.Context, *theaterv1.HealthRequest) (*theaterv1.HealthResponse, error) {
	state, detail := s.Node.State()
	return &theaterv1.HealthResponse{State: state, Ready: state == theaterv1.NodeState_NODE_STATE_READY, Detail: detail}, nil
}

func (s *nodeService) Info(ctx context.Context, _ *theaterv1.InfoRequest) (*theaterv1.InfoResponse, error) {
	info := s.Node.Info()
	info.State, info.Detail = s.Node.State()
	info.Scope = caller(ctx).Scope.String()
	info.Handlers = s.Handlers.HandlerTypes()
	live := s.System.List()
	info.Actors = uint64(len(live))
	info.Turns = 0
	for _, a := range live {
		info.Turns += a.Turns
	}
	return info, nil
}

func (s *nodeService) Drain(ctx context.Context, _ *theaterv1.DrainRequest) (*theaterv1.DrainResponse, error) {
	if err := s.Node.Drain(ctx); err != nil {
		return nil, err
	}
	waiting := uint64(0)
	for _, a := range s.System.List() {
		waiting += uint64(a.Mailbox)
	}
	return &theaterv1.DrainResponse{Waiting: waiting}, nil
}

func (s *nodeService) Shutdown(_ context.Context, r *theaterv1.ShutdownRequest) (*theaterv1.ShutdownResponse, error) {
	timeout, err := duration("timeout", r.Timeout)
	if err != nil {
		return nil, err
	}
	if err := s.Node.Shutdown(timeout); err != nil {
		return nil, err
	}
	return &theaterv1.ShutdownResponse{}, nil
}
