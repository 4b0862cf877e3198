package cli

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// nodeChains are the chains of a node. It is safe for concurrent use.
type nodeChains struct {
	*conn
	chain.Reader

	mu     sync.Mutex
	broken error // guarded by mu; the first error that is not about a chain
	blobs  map[chain.Hash][]byte
	kept   int // guarded by mu, as blobs; their bytes
}

// lendChains lends the chains of the node to f. Where the node fails, that is the error
// whatever f makes of it.
func (n *conn) lendChains(ctx context.Context, f func(context.Context, chain.Reader) error) error {
	r := &nodeChains{conn: n, Reader: n.Reader(), blobs: map[chain.Hash][]byte{}}
	err := f(ctx, r)
	if err != nil && r.broken != nil {
		return r.broken
	}
	return err
}

// chainError is an error of the node about a chain, in its words.
type chainError struct {
	told  *api.Error
	about error // of package chain
}

func (e chainError) Error() string   { return e.told.Message }
func (e chainError) Unwrap() []error { return []error{e.told, e.about} }

// explained is what an error of the reader means.
func (r *nodeChains) explained(ctx context.Context, err error) error {
	for _, about := range []error{chain.ErrNotFound, chain.ErrAmbiguous, chain.ErrCorrupt, chain.ErrInvalid, chain.ErrVersion} {
		if errors.Is(err, about) {
			return chainError{api.ErrorOf(err), about}
		}
	}
	err = r.explain(ctx, err)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken == nil {
		r.broken = err
	}
	return err
}

// Find implements finder: the node prefers the actor that lives.
func (r *nodeChains) Find(ctx context.Context, target string) (chain.Summary, error) {
	var answer *theaterv1.GetChainResponse
	err := r.patiently(ctx, func() (err error) {
		answer, err = r.Chain.GetChain(ctx, &theaterv1.GetChainRequest{Target: target})
		return err
	})
	switch {
	case err == nil:
	case api.ErrorOf(err).Code == api.CodeNoChain:
		return chain.Summary{}, chainError{api.ErrorOf(err), chain.ErrNotFound}
	default:
		return chain.Summary{}, r.explained(ctx, err)
	}
	id, err := chain.ParseID(answer.Chain.GetId())
	if err != nil {
		return chain.Summary{}, err
	}
	return r.Summary(ctx, id)
}

// live are the actors that have a process.
func (r *nodeChains) live(ctx context.Context) (map[chain.ID]bool, error) {
	all, err := r.list(ctx, nil, []string{"id"})
	if err != nil {
		return nil, err
	}
	live := map[chain.ID]bool{}
	for _, a := range all {
		if id, err := chain.ParseID(a.Id); err == nil {
			live[id] = true
		}
	}
	return live, nil
}

// Actors implements chain.Reader.
func (r *nodeChains) Actors(ctx context.Context) iter.Seq2[chain.Summary, error] {
	return explainedSeq(ctx, r, func() iter.Seq2[chain.Summary, error] { return r.Reader.Actors(ctx) })
}

// Records implements chain.Reader.
func (r *nodeChains) Records(ctx context.Context, id chain.ID, from uint64) iter.Seq2[chain.Record, error] {
	return explainedSeq(ctx, r, func() iter.Seq2[chain.Record, error] { return r.Reader.Records(ctx, id, from) })
}

// Summary implements chain.Reader.
func (r *nodeChains) Summary(ctx context.Context, id chain.ID) (s chain.Summary, err error) {
	err = r.patiently(ctx, func() error {
		s, err = r.Reader.Summary(ctx, id)
		return err
	})
	if err != nil {
		err = r.explained(ctx, err)
	}
	return s, err
}

// maxKept is how many bytes of blobs are remembered: actors share modules.
const maxKept = 64 << 20

// Blob implements chain.Reader.
func (r *nodeChains) Blob(ctx context.Context, sum chain.Hash) (b []byte, err error) {
	r.mu.Lock()
	b, ok := r.blobs[sum]
	r.mu.Unlock()
	if ok {
		return b, nil
	}
	err = r.patiently(ctx, func() error {
		b, err = r.Reader.Blob(ctx, sum)
		return err
	})
	if err != nil {
		return nil, r.explained(ctx, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept+len(b) <= maxKept && r.blobs[sum] == nil {
		r.blobs[sum], r.kept = b, r.kept+len(b)
	}
	return b, nil
}

// patiently asks again as long as the node is asked too much.
func (r *nodeChains) patiently(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		if err == nil || !tooMuch(err) {
			return err
		}
		if err := wait(ctx, pause(err)); err != nil {
			return err
		}
	}
}

func tooMuch(err error) bool {
	code := api.ErrorOf(err).Code
	return code == api.CodeRate || code == api.CodeBusy
}

// pause is how long a node wants to be left alone.
func pause(err error) time.Duration {
	return min(max(api.ErrorOf(err).Retry, 20*time.Millisecond), time.Second)
}

// explainedSeq is patient with the beginning of a sequence, and explains its error.
func explainedSeq[T any](ctx context.Context, r *nodeChains, begin func() iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for again, began := true, false; again; {
			again = false
			for v, err := range begin() {
				switch {
				case err == nil:
					began = true
				case !began && tooMuch(err) && wait(ctx, pause(err)) == nil:
					again = true
				default:
					err = r.explained(ctx, err)
				}
				if again || !yield(v, err) {
					break
				}
			}
		}
	}
}
