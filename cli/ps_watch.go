package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// How often a list that is watched is fetched: not at once again, and on a terminal
// also when nothing has changed but numbers.
const (
	watchPause   = 200 * time.Millisecond
	watchRepaint = time.Second
)

// watchActors shows the list, and what becomes of it until the user or --timeout ends
// the watch, or the actor is gone below which it is.
func (n *conn) watchActors(ctx context.Context, o *psOptions) error {
	filter := &o.filter.Filter
	if filter.Under != "" && !strings.HasPrefix(filter.Under, "/") { // an id, of one that may end
		a, err := askAbout(ctx, n, filter.Under, n.Actors.Inspect, &theaterv1.InspectRequest{Target: filter.Under})
		if err != nil {
			return err
		}
		filter.Under = a.Actor.GetPath()
	}
	c, err := n.watch(ctx, filter.Under)
	if err != nil {
		return err
	}
	w := &actorWatch{live: n.live, quiet: o.quiet, terminal: onTerminal(n.live.out) && n.live.format.value == "text"}
	err = c.follow(ctx, filter, o.fields(n.live.format.value), w)
	c.close()
	if cause := context.Cause(ctx); errors.Is(cause, ErrInterrupted) || errors.Is(cause, errTimeout) {
		return nil
	}
	return err
}

// follow fetches the list and shows it whenever something has changed.
func (c *changes) follow(ctx context.Context, filter *theaterv1.Filter, fields []string, w *actorWatch) error {
	changed := c.signal()
	for {
		began := time.Now()
		all, err := c.list(ctx, filter, fields)
		gone := is(err, api.CodeNoActor) && w.shown
		if err != nil && !gone {
			return err
		}
		if err := w.next(all, time.Now()); err != nil || gone {
			return err
		}
		if err := wait(ctx, max(watchPause, 4*time.Since(began))); err != nil {
			return err
		}
		var repaint <-chan time.Time
		if w.terminal {
			repaint = time.After(watchRepaint)
		}
		select {
		case _, more := <-changed:
			if !more {
				return c.over(ctx)
			}
		case <-repaint:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// actorWatch shows a list again and again: on a terminal as a whole, elsewhere what
// has changed.
type actorWatch struct {
	*live
	quiet, terminal bool
	shown           bool               // once
	before          []*theaterv1.Actor // what was shown last
	columns         columns
}

// next shows how the list is now.
func (w *actorWatch) next(all []*theaterv1.Actor, now time.Time) error {
	defer func() { w.shown = true }()
	if w.terminal {
		width, height := sizeOf(w.out)
		_, err := io.WriteString(w.out, repaint(w.page(all, height-1, now), width))
		return err
	}
	news := changedActors(w.before, all)
	w.before = all
	switch {
	case w.format.value != "text":
		for _, a := range news {
			if err := w.writeJSON(newLiveActor(a), false); err != nil {
				return err
			}
		}
		return nil
	case w.quiet:
		var paths strings.Builder
		for _, a := range news {
			writePath(&paths, a.Path)
		}
		_, err := io.WriteString(w.out, paths.String())
		return err
	}
	rows := actorRows(news, now)
	if w.shown {
		rows = rows[1:]
	}
	return w.columns.addAll(rows).write(w.out)
}

// page is the list as lines, no more than there is room for.
func (w *actorWatch) page(all []*theaterv1.Actor, room int, now time.Time) []string {
	shown := all
	if len(all)+1 > room {
		shown = all[:min(len(all), max(room-2, 1))]
	}
	text := w.columns.addAll(actorRows(shown, now)).text()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if more := len(all) - len(shown); more > 0 {
		lines = append(lines, fmt.Sprintf("… %d more", more))
	}
	return lines
}

// statusGone is that of an actor that was in a list and is there no more.
const statusGone = "gone"

// changedActors are those of which something has become that a line is worth, and
// those that are gone.
func changedActors(before, now []*theaterv1.Actor) []*theaterv1.Actor {
	was := make(map[string]*theaterv1.Actor, len(before))
	for _, a := range before {
		was[a.Path] = a
	}
	var news []*theaterv1.Actor
	for _, a := range now {
		b := was[a.Path]
		delete(was, a.Path)
		if b == nil || b.Id != a.Id || b.Status != a.Status || b.Restarts != a.Restarts || whyLive(b.LastFailure) != whyLive(a.LastFailure) {
			news = append(news, a)
		}
	}
	for _, b := range before {
		if was[b.Path] != nil {
			b.Status, b.BusySince, b.Waits = statusGone, nil, false
			news = append(news, b)
		}
	}
	return news
}
