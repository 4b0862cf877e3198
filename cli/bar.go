package cli

import (
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"
)

// bar shows on a terminal how far something slow is, how long it will take, and how
// fast it goes. On anything else it shows nothing.
type bar struct {
	to    *status
	what  string
	begun time.Time
	drawn time.Time
	shown *progressbar.ProgressBar // nil until it is known how much there is
}

func (s *status) bar(what string) *bar {
	return &bar{to: s, what: what, begun: time.Now(), drawn: time.Now()}
}

// set says that done of total is done, and with it so many things of another kind, whose
// rate is shown.
func (b *bar) set(done, total, things uint64, noun string) {
	if !b.to.terminal || time.Since(b.drawn) < progressInterval {
		return
	}
	b.drawn = time.Now()
	if b.shown == nil {
		b.shown = progressbar.NewOptions64(int64(total), progressbar.OptionSetWriter(rawStatus{b.to}),
			progressbar.OptionSetDescription(b.what),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
	}
	b.shown.Describe(fmt.Sprintf("%s, %.0f %s/s", b.what, float64(things)/time.Since(b.begun).Seconds(), noun))
	_ = b.shown.Set64(int64(done)) // it is only shown
}

// done takes the bar away.
func (b *bar) done() {
	if b.shown != nil {
		_ = b.shown.Finish()
	}
}

// rawStatus is standard error for what draws a line of its own.
type rawStatus struct{ to *status }

func (r rawStatus) Write(b []byte) (int, error) {
	r.to.mu.Lock()
	defer r.to.mu.Unlock()
	return r.to.w.Write(b)
}
