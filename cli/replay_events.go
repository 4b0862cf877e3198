package cli

import (
	"context"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
)

// replayEvents shows events as chain show does: those of the chain with the names of
// its module, and others with those of the module that was run.
type replayEvents struct {
	ctx           context.Context
	reader        chain.Reader
	recorded, run *wasm.Layout
}

func newReplayEvents(ctx context.Context, r chain.Reader, recorded, run *wasm.Layout) replayEvents {
	return replayEvents{ctx, r, recorded, run}
}

// writer shows whole records of the chain.
func (v *replayEvents) writer(list *listWriter, s chain.Summary) recordWriter {
	events := &eventReader{displayer{v.ctx, v.reader}, v.recorded}
	if list.json {
		return &jsonRecords{list, events}
	}
	live, _ := lives(v.ctx, v.reader, s.ID) // it is only in the title
	return &textRecords{list, events, s, live}
}

// line is an event in a line of text, with its kind; the state that it leaves stands in
// another.
func (v *replayEvents) line(of chain.Event, module *wasm.Layout) string {
	e := (&eventReader{displayer{v.ctx, v.reader}, module}).event(of)
	text, state := e.text()
	if state != "" {
		text += "\n" + state
	}
	return e.Kind + "  " + text
}

// json is an event for programs, nil where there is none.
func (v *replayEvents) json(of chain.Event, module *wasm.Layout) *event {
	if of == nil {
		return nil
	}
	e := (&eventReader{displayer{v.ctx, v.reader}, module}).event(of)
	e.spell()
	return &e
}
