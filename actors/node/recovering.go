package node

import (
	"context"
	"errors"
	"fmt"
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
	failed := 0
	recovered, err := d.node.System.Recover(ctx, func(r actors.Recovery) {
		for _, a := range r.Left[failed:] {
			d.Logger.Error("actor is not back", "actor", a.Path, "id", a.ID.String(), "error", a.Err)
		}
		failed = len(r.Left)
		now := d.Now()
		d.condition.recovered(recoverySeen(r, now.Sub(begun)))
		if now.Sub(reported) >= reportEvery {
			reported = now
			d.Logger.Info("node recovers", "done", r.Done, "failed", failed, "total", r.Total)
			d.notify.status(fmt.Sprintf("recovering, %d of %d", r.Done, r.Total))
			d.notify.longer(4 * reportEvery)
		}
	})
	took := d.Now().Sub(begun)
	d.condition.recovered(recoverySeen(recovered, took))
	for _, a := range recovered.Ended {
		d.Logger.Warn("actor has ended", "actor", a.Path, "id", a.ID.String(), "error", a.Err)
	}
	switch {
	case err != nil && ctx.Err() == nil:
		d.Logger.Error("the recovery has failed", "error", err)
	case recovered.Total > 0:
		d.Logger.Info("node recovered", "actors", recovered.Resumed, "failed", len(recovered.Left), "ended", len(recovered.Ended),
			"delivered", recovered.Delivered, "dropped", recovered.Dropped, "took", took.String())
	}
}

func recoverySeen(r actors.Recovery, took time.Duration) Recovery {
	shown := Recovery{Total: r.Total, Done: r.Done, Took: took}
	for _, a := range r.Left {
		shown.Failures = append(shown.Failures, RecoveryFailure{ID: a.ID.String(), Path: a.Path, Err: a.Err})
	}
	return shown
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
