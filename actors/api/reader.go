package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// Reader reads the chains of the node. Its errors are those of a chain.Reader, where
// the node says so; ErrorOf knows all of them.
func (c *Client) Reader() chain.Reader { return &remote{c} }

// Follow yields the records of an actor from number from on, those that are there and
// those that are written from now on, without a gap. It ends with the actor, or with
// an error, which is the last thing it yields.
func (c *Client) Follow(ctx context.Context, target string, from uint64) iter.Seq2[chain.Record, error] {
	return c.records(ctx, &theaterv1.RecordsRequest{Target: target, From: from, Follow: true})
}

type remote struct{ *Client }

var _ chain.Reader = (*remote)(nil)

// Actors implements chain.Reader.
func (r *remote) Actors(ctx context.Context) iter.Seq2[chain.Summary, error] {
	return func(yield func(chain.Summary, error) bool) {
		request := &theaterv1.ListChainsRequest{PageSize: maxPage}
		for {
			page, err := r.Chain.ListChains(ctx, request)
			if err != nil {
				yield(chain.Summary{}, local(err))
				return
			}
			for _, c := range page.Chains {
				if sum, err := summary(c); !yield(sum, err) || err != nil {
					return
				}
			}
			if request.PageToken = page.NextPageToken; request.PageToken == "" {
				return
			}
		}
	}
}

// Summary implements chain.Reader.
func (r *remote) Summary(ctx context.Context, id chain.ID) (chain.Summary, error) {
	answer, err := r.Chain.GetChain(ctx, &theaterv1.GetChainRequest{Target: id.String()})
	if err != nil {
		return chain.Summary{}, local(err)
	}
	return summary(answer.Chain)
}

// Records implements chain.Reader.
func (r *remote) Records(ctx context.Context, id chain.ID, from uint64) iter.Seq2[chain.Record, error] {
	return r.records(ctx, &theaterv1.RecordsRequest{Target: id.String(), From: from})
}

func (c *Client) records(ctx context.Context, request *theaterv1.RecordsRequest) iter.Seq2[chain.Record, error] {
	return func(yield func(chain.Record, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := c.Chain.Records(ctx, request)
		if err != nil {
			yield(chain.Record{}, local(err))
			return
		}
		defer stream.Close()
		var prev chain.Hash
		for first := true; stream.Receive(); first = false {
			m := stream.Msg()
			if first && len(m.Prev) == len(prev) {
				prev = chain.Hash(m.Prev)
			}
			for rest := m.Stored; len(rest) > 0; {
				var record chain.Record
				if record, rest, err = unstore(rest, prev); !yield(record, err) || err != nil {
					return
				}
				prev = record.Hash
			}
		}
		if err := stream.Err(); err != nil {
			yield(chain.Record{}, local(err))
		}
	}
}

func unstore(b []byte, prev chain.Hash) (record chain.Record, rest []byte, err error) {
	stored, rest, err := chain.DecodeStored(b)
	if err != nil {
		return record, nil, err
	}
	record, err = stored.Record(prev)
	return record, rest, err
}

// Blob implements chain.Reader. What the node answers is held against its hash.
func (r *remote) Blob(ctx context.Context, sum chain.Hash) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := r.Chain.GetBlob(ctx, &theaterv1.GetBlobRequest{Sha256: sum.String()})
	if err != nil {
		return nil, local(err)
	}
	defer stream.Close()
	b := []byte{}
	for stream.Receive() {
		b = append(b, stream.Msg().Data...)
	}
	if err := stream.Err(); err != nil {
		return nil, local(err)
	}
	if sha256.Sum256(b) != sum {
		return nil, fmt.Errorf("blob %s: the node answers bytes of another hash: %w", sum, chain.ErrCorrupt)
	}
	return b, nil
}

// answered is an error of the node that is one of package chain as well.
type answered struct {
	error // of the node
	as    error
}

func (a answered) Unwrap() []error { return []error{a.error, a.as} }

// local makes an error of the node one of package chain, where it is.
func local(err error) error {
	as := map[string]error{
		CodeNoChain: chain.ErrNotFound, CodeNoActor: chain.ErrNotFound, CodeNoBlob: chain.ErrNotFound, CodeNoEvent: chain.ErrNotFound,
		CodeCorrupt: chain.ErrCorrupt, CodeAmbiguous: chain.ErrAmbiguous,
	}[ErrorOf(err).Code]
	if as == nil {
		return err
	}
	return answered{err, as}
}

// summary reads what the node says of a chain.
func summary(c *theaterv1.Chain) (chain.Summary, error) {
	var wrong error
	hash := func(text string) (h chain.Hash) {
		if text != "" {
			var err error
			h, err = chain.ParseHash(text)
			wrong = errors.Join(wrong, err)
		}
		return h
	}
	id, err := chain.ParseID(c.GetId())
	wrong = errors.Join(wrong, err)
	sum := chain.Summary{
		ID: id, Name: c.GetName(), Path: c.GetPath(), Module: hash(c.GetModule()), Manifest: hash(c.GetManifest()),
		InitialState: hash(c.GetInitialState()), Children: hash(c.GetChildren()), Reason: c.GetReason(),
		Created: unix(c.GetCreated()), Updated: unix(c.GetUpdated()), Records: c.GetRecords(), Events: c.GetEvents(), Head: hash(c.GetHead()),
	}
	if p := c.GetParent(); p != nil {
		sum.Parent.Actor, err = chain.ParseID(p.Actor)
		sum.Parent.Record, sum.Parent.Index = p.Record, p.Index
		wrong = errors.Join(wrong, err)
	}
	for sum.Status = chain.StatusRunning; sum.Status.String() != c.GetStatus(); sum.Status++ {
		if sum.Status == chain.StatusStopped {
			wrong = errors.Join(wrong, fmt.Errorf("status %.20q is not known here", c.GetStatus()))
			break
		}
	}
	if wrong != nil {
		return chain.Summary{}, fmt.Errorf("the node's summary of %.60q: %w", c.GetPath(), wrong)
	}
	return sum, nil
}

func unix(t *timestamppb.Timestamp) int64 {
	if t == nil {
		return 0
	}
	return t.AsTime().UnixNano()
}
