package cli

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/theater-go/theater/actors"
)

// maxGuestLines is how many lines of guests may wait to be shown. Guests never
// wait for a slow terminal: what is more is counted and dropped.
const maxGuestLines = 4096

// guestLines shows what guests log and write.
type guestLines struct {
	to      *status
	lines   chan actors.Line
	dropped atomic.Int64
	stop    sync.Once
	done    chan struct{} // closed when all is shown
}

func newGuestLines(to *status) *guestLines {
	g := &guestLines{to: to, lines: make(chan actors.Line, maxGuestLines), done: make(chan struct{})}
	go g.runShow()
	return g
}

// put takes a line from any goroutine and does not wait.
func (g *guestLines) put(line actors.Line) {
	select {
	case g.lines <- line:
	default:
		g.dropped.Add(1)
	}
}

func (g *guestLines) runShow() {
	defer close(g.done)
	for line := range g.lines {
		fmt.Fprintf(g.to, "%s %s\n", g.to.dim("["+line.Path+"]"), escape(line.Text))
	}
	if n := g.dropped.Load(); n > 0 {
		fmt.Fprintf(g.to, "%s of the actors were not shown: they came too fast\n", count(uint64(n), "line"))
	}
}

// close shows what is left. No actor may write any more. It may be called twice.
func (g *guestLines) close() {
	g.stop.Do(func() { close(g.lines) })
	<-g.done
}
