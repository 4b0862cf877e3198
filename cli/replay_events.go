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
	p := &program{out: out}
	if format == formatJSON {
		return p.jsonRecords(v.ctx, v.reader, s)
	}
	return p.textRecords(v.ctx, v.reader, s)
}

// line is an event in a line of text, with its kind.
func (v *replayEvents) line(e chain.Event, n names) string {
	t := &textRecords{displayer: displayer{v.ctx, v.reader}, names: n}
	return chain.KindOf(e) + "  " + t.event(e)
}

// json is an event for programs, nil where there is none.
func (v *replayEvents) json(e chain.Event, n names) *event {
	if e == nil {
		return nil
	}
	j := &jsonRecords{displayer: displayer{v.ctx, v.reader}, names: n}
	out := j.event(e)
	return &out
}
