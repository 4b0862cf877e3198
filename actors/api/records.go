package api

import (
	"context"

	"connectrpc.com/connect"

	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// Records yields the records of an actor.
func (s *chainService) Records(ctx context.Context, r *theaterv1.RecordsRequest, out *connect.ServerStream[theaterv1.RecordsResponse]) error {
	if r.Target == "" {
		return invalid("target", "the request names no actor")
	}
	to := &recordSender{out: out, most: r.Limit, first: true}
	return s.yield(ctx, walk{target: r.Target, from: &r.From, follow: r.Follow}, to)
}

// recordSender gathers records and sends them.
type recordSender struct {
	out   *connect.ServerStream[theaterv1.RecordsResponse]
	next  theaterv1.RecordsResponse
	most  uint64 // 0 is no limit
	taken uint64
	first bool
}

func (s *recordSender) record(_ *trail, r *chain.Record, _ *uint64) error {
	stored, err := chain.Store(*r)
	if err != nil {
		return err
	}
	if s.first {
		s.first, s.next.Prev = false, r.Prev[:]
	}
	s.next.Stored = stored.Append(s.next.Stored)
	if s.taken++; s.taken == s.most {
		return errEnough
	}
	if len(s.next.Stored) < pieceSize {
		return nil
	}
	return s.flush()
}

func (s *recordSender) begin() error { return nil }

func (s *recordSender) flush() error {
	if len(s.next.Stored) == 0 {
		return nil
	}
	err := s.out.Send(&theaterv1.RecordsResponse{Stored: s.next.Stored, Prev: s.next.Prev})
	s.next.Stored, s.next.Prev = s.next.Stored[:0], nil
	return err
}
