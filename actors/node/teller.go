package node

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/theater-go/theater/actors"
)

// tellerQueue is how many lines and changes may wait to be logged.
const tellerQueue = 4096

// teller logs what guests write and what becomes of actors. Nobody waits for it: what
// comes faster than it is written is counted and dropped.
type teller struct {
	logger  *slog.Logger
	guests  slog.Level // at which lines of guests are logged
	queue   chan any   // actors.Line or actors.Change
	dropped atomic.Int64
	done    chan struct{}

	mu     sync.RWMutex
	closed bool // guarded by mu
}

func newTeller(logger *slog.Logger, guests bool) *teller {
	t := &teller{logger: logger, guests: slog.LevelDebug, queue: make(chan any, tellerQueue), done: make(chan struct{})}
	if guests {
		t.guests = slog.LevelInfo
	}
	go t.run()
	return t
}

// line takes a line of a guest's, from any goroutine.
func (t *teller) line(l actors.Line) { t.tell(t.guests, l) }

// change takes what has become of an actor, from any goroutine.
func (t *teller) change(c actors.Change) { t.tell(levelOf(c), c) }

func (t *teller) tell(level slog.Level, item any) {
	if !t.logger.Enabled(context.Background(), level) {
		return
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.closed {
		return
	}
	select {
	case t.queue <- item:
	default:
		t.dropped.Add(1)
	}
}

func (t *teller) run() {
	defer close(t.done)
	for item := range t.queue {
		switch item := item.(type) {
		case actors.Line:
			t.logger.LogAttrs(context.Background(), t.guests, "guest", slog.String("actor", item.Path), slog.String("id", item.Actor.String()),
				slog.String("stream", item.Stream), slog.String("text", item.Text))
		case actors.Change:
			t.log(item)
		}
		if n := t.dropped.Load(); n > 0 && len(t.queue) == 0 {
			t.logger.Warn("lines were not logged: they came too fast", "count", t.dropped.Swap(0))
		}
	}
}

// levelOf is how much a change matters.
func levelOf(c actors.Change) slog.Level {
	switch {
	case c.What == actors.ChangeFailed && c.Directive != actors.DirectiveRestart:
		return slog.LevelError
	case c.What == actors.ChangeFailed:
		return slog.LevelWarn
	case c.What == actors.ChangeStarted && c.Restarts > 0, c.What == actors.ChangeEnded:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

var changeWords = map[any]string{
	actors.ChangeStarted: "actor started", actors.ChangeEnded: "actor ended", actors.ChangeFailed: "actor failed", actors.ChangeGone: "actor is gone",
}

func (t *teller) log(c actors.Change) {
	attrs := []slog.Attr{slog.String("actor", c.Path)}
	if !c.ID.IsZero() {
		attrs = append(attrs, slog.String("id", c.ID.String()))
	}
	if c.What != actors.ChangeStarted {
		attrs = append(attrs, slog.String("reason", string(c.Exit.Reason)))
		if detail := c.Exit.Detail(); detail != "" {
			attrs = append(attrs, slog.String("detail", detail))
		}
	}
	if c.What == actors.ChangeEnded || c.What == actors.ChangeFailed {
		attrs = append(attrs, slog.String("directive", string(c.Directive)))
		if c.Wait > 0 {
			attrs = append(attrs, slog.String("wait", c.Wait.String()))
		}
	}
	if c.Restarts > 0 {
		attrs = append(attrs, slog.Int("restarts", c.Restarts))
	}
	t.logger.LogAttrs(context.Background(), levelOf(c), changeWords[c.What], attrs...)
}

// close logs what is left, and nothing that comes later. It may be called twice.
func (t *teller) close() {
	t.mu.Lock()
	if !t.closed {
		t.closed = true
		close(t.queue)
	}
	t.mu.Unlock()
	<-t.done
}
