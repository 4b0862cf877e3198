package api

import (
	"context"
	"errors"

	"connectrpc.com/connect"

	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// chainService reads chains.
type chainService struct{ *Server }

// onLog finds the actor that a request names: a live one, else one of the log.
func (s *Server) onLog(ctx context.Context, target string) (chain.Summary, error) {
	if target == "" {
		return chain.Summary{}, invalid("target", "the request names no actor").hinting("a target is a path or an id")
	}
	if ref, err := s.System.Lookup(target); err == nil {
		target = ref.ID.String()
	}
	sum, err := chain.Find(ctx, s.Log, target)
	if err != nil {
		return sum, named(err)
	}
	return sum, nil
}

func (s *Server) chain(sum chain.Summary) *theaterv1.Chain {
	_, err := s.System.Lookup(sum.ID.String())
	return &theaterv1.Chain{
		Id: sum.ID.String(), Name: sum.Name, Path: sum.Path, Parent: reference(sum.Parent), Module: hashText(sum.Module),
		Manifest: hashText(sum.Manifest), InitialState: hashText(sum.InitialState), Children: hashText(sum.Children),
		Status: sum.Status.String(), Reason: sum.Reason, Created: moment(sum.Created), Updated: moment(sum.Updated),
		Records: sum.Records, Events: sum.Events, Head: sum.Head.String(), Live: err == nil,
	}
}

// ListChains shows the actors of the log, page by page.
func (s *chainService) ListChains(ctx context.Context, r *theaterv1.ListChainsRequest) (*theaterv1.ListChainsResponse, error) {
	size := pageSize(r.PageSize)
	var after chain.ID
	if r.PageToken != "" {
		var err error
		if after, err = chain.ParseID(r.PageToken); err != nil {
			return nil, invalid("pageToken", "the page token is none of this method")
		}
	}
	answer := &theaterv1.ListChainsResponse{}
	for sum, err := range s.Log.Actors(ctx) {
		switch {
		case err != nil:
			return nil, err
		case string(sum.ID[:]) <= string(after[:]) && !after.IsZero():
			continue
		case len(answer.Chains) == size:
			answer.NextPageToken = answer.Chains[size-1].Id
			return answer, nil
		}
		answer.Chains = append(answer.Chains, s.chain(sum))
	}
	return answer, nil
}

// GetChain shows one of them.
func (s *chainService) GetChain(ctx context.Context, r *theaterv1.GetChainRequest) (*theaterv1.GetChainResponse, error) {
	sum, err := s.onLog(ctx, r.Target)
	if err != nil {
		return nil, err
	}
	return &theaterv1.GetChainResponse{Chain: s.chain(sum)}, nil
}

// GetEvent shows one event.
func (s *chainService) GetEvent(ctx context.Context, r *theaterv1.GetEventRequest) (*theaterv1.GetEventResponse, error) {
	id, err := chain.ParseID(r.Event.GetActor())
	if err != nil {
		return nil, invalid("event.actor", "%w", err)
	}
	sum, err := s.Log.Summary(ctx, id)
	if err != nil {
		r := *refusalOf(err)
		return nil, r.at("event.actor")
	}
	for record, err := range s.Log.Records(ctx, id, r.Event.Record) {
		switch {
		case err != nil:
			return nil, err
		case uint64(r.Event.Index) >= uint64(len(record.Events)):
			return nil, refuse(CodeNoEvent, "record %d of %s has %d events", record.Number, id, len(record.Events)).at("event.index")
		}
		return &theaterv1.GetEventResponse{Event: s.events(ctx, sum).event(&record, int(r.Event.Index))}, nil
	}
	return nil, refuse(CodeNoEvent, "the chain of %s has %d records", id, sum.Records).at("event.record")
}

// pieceSize is how much of something large a message has, about.
const pieceSize = 256 << 10

// GetBlob yields a blob in pieces.
func (s *chainService) GetBlob(ctx context.Context, r *theaterv1.GetBlobRequest, out *connect.ServerStream[theaterv1.GetBlobResponse]) error {
	sum, err := chain.ParseHash(r.Sha256)
	if err != nil {
		return invalid("sha256", "%w", err)
	}
	b, err := s.Log.Blob(ctx, sum)
	switch {
	case errors.Is(err, chain.ErrNotFound):
		return refuse(CodeNoBlob, "there is no blob %s", sum).at("sha256")
	case err != nil:
		return err
	}
	for first := true; first || len(b) > 0; first = false {
		n := min(len(b), pieceSize)
		if err := out.Send(&theaterv1.GetBlobResponse{Data: b[:n]}); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}
