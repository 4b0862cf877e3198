package cli

import (
	"fmt"
	"strings"
	"sync"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
)

// watcher is told what becomes of the actors of a run and makes news of it. What
// the run says itself of the actors at the top is no news.
type watcher struct {
	tell func(news)

	mu     sync.Mutex
	shown  map[string]map[chain.ID]bool // guarded by mu; by top, the actors that were shown when it had started
	failed map[string]bool              // guarded by mu; the paths of those whose failure was news
	over   error                        // guarded by mu; why what still runs is killed
}

func newWatcher(tell func(news)) *watcher {
	return &watcher{tell: tell, shown: map[string]map[chain.ID]bool{}, failed: map[string]bool{}}
}

// observe takes a change from any goroutine and does not wait.
func (w *watcher) observe(c actors.Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if parentOf(c.Path) == "" {
		return
	}
	if n, ok := w.newsOf(c); ok {
		w.tell(n)
	}
}

// started is the tree of an actor at the top that has started. Of what starts
// below it from now on there is news.
func (w *watcher) started(s *actors.System, ref actors.Ref) (actors.Tree, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t, err := s.Tree(ref)
	if err != nil {
		return t, err
	}
	shown := map[chain.ID]bool{}
	for branch := range branches(&t) {
		shown[branch.ID] = true
	}
	w.shown[ref.Path] = shown
	return t, nil
}

// kill says why actors are killed from now on.
func (w *watcher) kill(why error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = why
}

// newsOf is what is shown of a change.
func (w *watcher) newsOf(c actors.Change) (n news, ok bool) {
	switch c.What {
	case actors.ChangeStarted:
		return w.newsOfStart(c)
	case actors.ChangeEnded:
		if c.Directive == actors.DirectiveStop {
			return news{}, false
		}
		w.failed[c.Path] = true
		return news{what: "ended", text: escape(c.Path) + ": " + why(c.Exit) + "; " + consequence(c)}, true
	case actors.ChangeFailed:
		w.failed[c.Path] = true
		return w.failure(c), true
	case actors.ChangeGone:
		known := w.failed[c.Path]
		delete(w.failed, c.Path)
		return w.failure(c), c.Exit.Failed() && !known // it failed while it was stopped
	}
	return news{}, false
}

// failure is that an actor has failed, and what comes of it.
func (w *watcher) failure(c actors.Change) news {
	if w.over != nil && c.Exit.Reason == actors.ReasonKilled {
		return news{what: "killed", text: escape(c.Path) + ": " + w.over.Error(), bad: true}
	}
	return news{what: "failed", text: escape(c.Path) + ": " + why(c.Exit) + "; " + consequence(c), bad: true}
}

func (w *watcher) newsOfStart(c actors.Change) (n news, ok bool) {
	switch shown := w.shown[topOf(c.Path)]; {
	case c.Restarts > 0 && w.failed[c.Path]:
		delete(w.failed, c.Path)
	case c.Restarts > 0:
		return news{what: "restarted", text: fmt.Sprintf("%s, restart %d", escape(c.Path), c.Restarts)}, true
	case shown != nil && !shown[c.ID]:
		return news{what: "started", text: fmt.Sprintf("%s %s", escape(c.Path), c.ID)}, true
	}
	return news{}, false
}

// consequence is what the supervisor does about the end of an actor.
func consequence(c actors.Change) string {
	switch c.Directive {
	case actors.DirectiveRestart:
		when := "at once"
		if c.Wait > 0 {
			when = "in " + rounded(c.Wait).String()
		}
		return fmt.Sprintf("restart %d %s", c.Restarts+1, when)
	case actors.DirectiveEscalate:
		return "its supervisor gives up"
	}
	return "it is not restarted"
}

// topOf is the path of the actor at the top of the tree that a path is in.
func topOf(path string) string {
	if i := strings.Index(path[min(1, len(path)):], "/"); i >= 0 {
		return path[:i+1]
	}
	return path
}

// parentOf is the path of the actor above, "" at the top.
func parentOf(path string) string { return path[:max(strings.LastIndex(path, "/"), 0)] }
