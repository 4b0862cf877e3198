package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
)

// Recovery is how far the actors of the log have come back.
type Recovery struct {
	actors.Recovery
	Took time.Duration // so far

	begun time.Time // while it is under way, else zero
}

// The progress of a recovery is logged from time to time. Who watches the start is
// told more often.
const (
	reportEvery = 5 * time.Second
	stepEvery   = 250 * time.Millisecond
)

// recover brings back the actors that an earlier node has left. One that does not come
// back is logged, and holds up no other.
func (d *daemon) recover(ctx context.Context) {
	d.condition.become(StateRecovering, "")
	if !d.Recover {
		return
	}
	p := &progress{daemon: d, begun: d.Now(), reported: d.Now()}
	r, err := d.node.System.Recover(ctx, p.tell)
	p.over = true
	p.tell(r)
	switch took := d.Now().Sub(p.begun); {
	case ctx.Err() != nil:
		d.Logger.Warn("the recovery is cut short", "up", r.Resumed, "total", r.Total)
	case err != nil:
		d.Logger.Error("the recovery has failed", "error", err)
	case r.Total > 0:
		d.Logger.Info("node recovered", "actors", r.Resumed, "failed", len(r.Left), "ended", len(r.Ended),
			"delivered", r.Delivered, "dropped", r.Dropped, "took", took.String())
	}
}

// progress shows a recovery as it goes.
type progress struct {
	*daemon
	begun, reported, stepped time.Time
	over                     bool
	left, ended              int // that were logged
}

func (p *progress) tell(r actors.Recovery) {
	now := p.Now()
	sofar := Recovery{Recovery: r, Took: now.Sub(p.begun), begun: p.begun}
	if p.over {
		sofar.begun = time.Time{}
	}
	p.condition.recovered(sofar)
	for _, a := range r.Left[p.left:] {
		p.Logger.Error("actor is not back", "actor", a.Path, "id", a.ID.String(), "error", a.Err)
	}
	for _, a := range r.Ended[p.ended:] {
		p.Logger.Warn("actor has ended", "actor", a.Path, "id", a.ID.String(), "error", a.Err)
	}
	p.left, p.ended = len(r.Left), len(r.Ended)
	if now.Sub(p.reported) >= reportEvery {
		p.reported = now
		p.Logger.Info("node recovers", "done", r.Done, "failed", len(r.Left), "total", r.Total)
		p.notify.longer(4 * reportEvery)
	}
	if r.Total > 0 && (p.over || now.Sub(p.stepped) >= stepEvery) {
		p.stepped = now
		p.step(fmt.Sprintf("recovering the actors, %d of %d", r.Done, r.Total))
	}
}

// spawnListed starts the manifests of the settings whose place is free.
func (d *daemon) spawnListed(ctx context.Context) {
	for _, path := range d.Spawn {
		ref, err := d.spawnFree(ctx, path)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, actors.ErrLeft):
			d.Logger.Warn("manifest is not spawned: an actor that is not back has its place", "manifest", path)
		case err != nil:
			d.Logger.Error("manifest is not spawned", "manifest", path, "error", err)
		case ref.Path == "":
			d.Logger.Info("manifest is not spawned: its place is taken", "manifest", path)
		default:
			d.Logger.Info("manifest spawned", "manifest", path, "actor", ref.Path, "id", ref.ID.String())
		}
	}
}

// spawnFree spawns a manifest unless an actor lives at its place; the Ref is then zero.
func (d *daemon) spawnFree(ctx context.Context, path string) (actors.Ref, error) {
	m, err := manifest.Load(path, d.node.Handlers)
	if err != nil {
		return actors.Ref{}, err
	}
	if _, err := d.node.System.Lookup("/" + m.Name); err == nil {
		return actors.Ref{}, nil
	}
	return d.node.System.Spawn(ctx, actors.Spec{Manifest: m})
}
