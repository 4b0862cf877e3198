package top

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// Config is what a screen needs.
type Config struct {
	Source   Source
	First    *Snapshot        // a look that was taken already
	Interval time.Duration    // between the end of a look and the next one
	Now      func() time.Time // nil is the machine's clock
	In       io.Reader        // a terminal
	Out      io.Writer        // a terminal
	Env      []string         // as os.Environ; TERM, NO_COLOR and the like are read
	Width    int              // characters; 0 is what the terminal says
	Height   int              // lines; likewise
}

// Run shows the screen until the user leaves it or ctx ends, which is no error.
func Run(ctx context.Context, c Config) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := newModel(ctx, c.Source, c.Interval, c.Now)
	m.looked(lookedMsg{snapshot: c.First})
	_, err := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(c.In), tea.WithOutput(c.Out),
		tea.WithEnvironment(c.Env), tea.WithWindowSize(c.Width, c.Height), tea.WithoutSignalHandler()).Run()
	if errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil {
		return nil
	}
	return err
}

// Frame is what a screen of that width, and as high as it takes, shows of two looks
// that are so far apart. It has no colours.
func Frame(first, second *Snapshot, apart time.Duration, width int, now time.Time) string {
	at := now.Add(-apart)
	m := newModel(context.Background(), nil, 0, func() time.Time { return at })
	m.looked(lookedMsg{snapshot: first})
	at = now
	m.looked(lookedMsg{snapshot: second})
	m.width, m.table.height = width, max(len(m.table.rows), 1)
	m.table.moveTo(0)
	m.table.selected = "" // nobody is there to select something
	var b strings.Builder
	for _, line := range append(m.header(), m.body()...) {
		b.WriteString(strings.TrimRight(ansi.Strip(line), " ") + "\n")
	}
	return b.String()
}
