package node

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
)

// reportEvery is how often the progress of a recovery is logged.
const reportEvery = 5 * time.Second

// recover brings back the actors that an earlier node has left. One that does not come
// back is logged, and holds up no other.
func (d *daemon) recover(ctx context.Context) {
	d.condition.become(StateRecovering, "")
	if !d.Recover {
		return
	}
	begun := d.Now()
	reported := begun
	r := Recovery{}
	report := func(total int, of chain.Summary, err error) {
		r.Total = total
		r.Took = d.Now().Sub(begun)
		switch {
		case err != nil && ctx.Err() == nil:
			r.Failures = append(r.Failures, RecoveryFailure{ID: of.ID.String(), Path: of.Path, Err: err})
			d.Logger.Error("actor is not back", "actor", of.Path, "id", of.ID.String(), "error", err)
		case err == nil:
			r.Done++
		}
		d.condition.recovered(r)
		if now := d.Now(); now.Sub(reported) >= reportEvery {
			reported = now
			d.Logger.Info("node recovers", "done", r.Done, "failed", len(r.Failures), "total", r.Total)
			d.notify.status(fmt.Sprintf("recovering, %d of %d", r.Done, r.Total))
			d.notify.longer(4 * reportEvery)
		}
	}
	err := recoverAll(ctx, d.node, report)
	r.Took = d.Now().Sub(begun)
	d.condition.recovered(r)
	switch {
	case err != nil && ctx.Err() == nil:
		d.Logger.Error("the recovery has failed", "error", err)
	case r.Total > 0:
		d.Logger.Info("node recovered", "actors", r.Done, "failed", len(r.Failures), "took", r.Took.String())
	}
}

// recoverAll resumes every actor at the top that has not ended for good. report is
// called by one goroutine at a time.
func recoverAll(ctx context.Context, n *Node, report func(total int, of chain.Summary, err error)) error {
	newest := map[string]chain.Summary{}
	for s, err := range n.Log.Actors(ctx) {
		if err != nil {
			return fmt.Errorf("list the actors of the log: %w", err)
		}
		if s.Status == chain.StatusStopped || strings.Count(s.Path, "/") != 1 {
			continue
		}
		if before, ok := newest[s.Path]; !ok || s.Created >= before.Created {
			newest[s.Path] = s
		}
	}
	tops := make([]chain.Summary, 0, len(newest))
	for _, s := range newest {
		tops = append(tops, s)
	}
	slices.SortFunc(tops, func(a, b chain.Summary) int { return strings.Compare(a.ID.String(), b.ID.String()) })
	work, results := make(chan chain.Summary), sync.Mutex{}
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(tops)) {
		workers.Go(func() {
			for s := range work {
				_, err := n.System.Resume(ctx, s.ID)
				results.Lock()
				report(len(tops), s, err)
				results.Unlock()
			}
		})
	}
	for _, s := range tops {
		work <- s
	}
	close(work)
	workers.Wait()
	return ctx.Err()
}

// spawnListed starts the manifests of the settings whose place is free. One that an
// unfinished actor of the log has is not: a new actor would be the end of that one.
func (d *daemon) spawnListed(ctx context.Context) {
	for _, path := range d.Spawn {
		ref, err := d.spawnFree(ctx, path)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			d.Logger.Error("manifest is not spawned", "manifest", path, "error", err)
		case ref.Path == "":
			d.Logger.Info("manifest is not spawned: its place is taken", "manifest", path)
		default:
			d.Logger.Info("manifest spawned", "manifest", path, "actor", ref.Path, "id", ref.ID.String())
		}
	}
}

// spawnFree spawns a manifest unless its place is taken; the Ref is then zero.
func (d *daemon) spawnFree(ctx context.Context, path string) (actors.Ref, error) {
	m, err := manifest.Load(path, d.node.Handlers)
	if err != nil {
		return actors.Ref{}, err
	}
	before, err := chain.Find(ctx, d.node.Log, "/"+m.Name)
	if err == nil && before.Status != chain.StatusStopped {
		return actors.Ref{}, nil
	}
	if err != nil && !errors.Is(err, chain.ErrNotFound) {
		return actors.Ref{}, err
	}
	return d.node.System.Spawn(ctx, actors.Spec{Manifest: m})
}
