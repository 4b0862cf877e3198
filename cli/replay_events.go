package cli

import (
	"context"
	"io"

	"github.com/theater-go/theater/chain"
)

// replayEvents shows events as chain show does: those of the chain with the names of
// its module, and others with those of the module that was run.
type replayEvents struct {
	ctx           context.Context
	reader        chain.Reader
	recorded, run names
}

func newReplayEvents(ctx context.Context, r chain.Reader, recorded, run names) replayEvents {
	return replayEvents{ctx, r, recorded, run}
}

// writer shows whole records of the chain.
func (v *replayEvents) writer(format string, out io.Writer, s chain.Summary) recordWriter {
	events := newEventReader(v.ctx, v.reader, s)
	if format == formatJSON {
		return &jsonRecords{to: out, events: events}
	}
	return &textRecords{to: out, events: events, actor: s}
}

func (v *replayEvents) event(e chain.Event, n names) event {
	r := &eventReader{displayer{v.ctx, v.reader}, n}
	return r.event(e)
}

// line is an event in a line of text, with its kind.
func (v *replayEvents) line(e chain.Event, n names) string {
	shown := v.event(e, n)
	text, state := shown.text()
	if state != "" {
		text += "\n            " + state
	}
	return shown.Kind + "  " + text
}

// json is an event for programs, nil where there is none.
func (v *replayEvents) json(e chain.Event, n names) *event {
	if e == nil {
		return nil
	}
	shown := v.event(e, n)
	shown.spell()
	return &shown
}
