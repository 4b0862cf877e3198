package cli

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/theater-go/theater/actors"
)

// Nobody waits for a slow terminal. What comes faster than it is shown is counted
// and dropped.
const (
	maxGuestLines = 4096 // lines of guests that may wait to be shown
	maxNews       = 1024 // news that may wait besides, however much the guests write
	newsPerSecond = 20   // news that are shown; of more their number is
)

// feed shows on standard error what guests log and write, and what becomes of
// actors, in the order in which it came.
type feed struct {
	to      *status
	items   chan any     // actors.Line or news
	dropped atomic.Int64 // lines
	missed  atomic.Int64 // news
	done    chan struct{}

	mu     sync.RWMutex
	closed bool // guarded by mu

	// Only runShow uses these:
	traces traces
	shown  int              // news of this second
	second <-chan time.Time // its end; nil between two of them
}

// news is a line about an actor.
type news struct {
	what, text string // the first word, and what comes behind it
	bad        bool
}

func newFeed(to *status, stacks bool) *feed {
	f := &feed{to: to, traces: traces{all: stacks, of: map[string]*trace{}}, items: make(chan any, maxGuestLines+maxNews), done: make(chan struct{})}
	go f.runShow()
	return f
}

// put takes a line from any goroutine and does not wait.
func (f *feed) put(line actors.Line) {
	if len(f.items) >= maxGuestLines || !f.offer(line) {
		f.dropped.Add(1)
	}
}

// tell takes news from any goroutine and does not wait.
func (f *feed) tell(n news) {
	if !f.offer(n) {
		f.missed.Add(1)
	}
}

func (f *feed) offer(item any) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.closed {
		return false
	}
	select {
	case f.items <- item:
		return true
	default:
		return false
	}
}

func (f *feed) runShow() {
	defer close(f.done)
	for {
		select {
		case item, more := <-f.items:
			if !more {
				f.leaveOut()
				return
			}
			f.show(item)
		case <-f.second:
			f.leaveOut()
		}
	}
}

func (f *feed) show(item any) {
	switch item := item.(type) {
	case actors.Line:
		for _, text := range f.traces.shorten(item) {
			fmt.Fprintf(f.to, "%s %s\n", f.to.dim("["+escape(item.Path)+"]"), escape(text))
		}
	case news:
		if f.second == nil {
			f.second = time.After(time.Second)
		}
		if f.shown++; f.shown > newsPerSecond {
			f.missed.Add(1)
			return
		}
		if item.bad {
			item.what = f.to.red(item.what)
		}
		fmt.Fprintf(f.to, "%s %s\n", item.what, item.text)
	}
}

// leaveOut ends a second and says how many news of it were not shown.
func (f *feed) leaveOut() {
	f.shown, f.second = 0, nil
	if n := f.missed.Swap(0); n > 0 {
		fmt.Fprintf(f.to, "… %s like these came too fast to be shown\n", count(uint64(n), "more line"))
	}
}

// close shows what is left, and nothing that comes later. It may be called twice.
func (f *feed) close() {
	f.mu.Lock()
	if !f.closed {
		f.closed = true
		close(f.items)
	}
	f.mu.Unlock()
	<-f.done
	if n := f.dropped.Swap(0); n > 0 {
		fmt.Fprintf(f.to, "%s of the actors were not shown: they came too fast\n", count(uint64(n), "line"))
	}
}
