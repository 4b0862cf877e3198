package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/cli/top"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// topSource shows theater top a node. What is of guests, or of a node that may not be
// what it seems, it escapes.
type topSource struct {
	*conn
	under string // the path or id of an actor, "" for all
}

// topFields are those of an actor that the screen shows.
var topFields = []string{"id", "path", "status", "busy_since", "waits", "mailbox", "turns", "fuel", "memory", "restarts", "last_failure"}

// Look implements top.Source.
func (s *topSource) Look(ctx context.Context) (*top.Snapshot, error) {
	info, err := ask(ctx, s.conn, s.Node.Info, &theaterv1.InfoRequest{})
	if err != nil {
		return nil, err
	}
	shown := &top.Snapshot{Node: top.Node{
		Name: escape(info.Node), State: nodeState(info.State), Address: escape(s.Address()), Turns: info.Turns,
		Memory: info.GuestMemory, MemoryBudget: info.GuestMemoryBudget,
	}}
	if info.Started != nil {
		shown.Node.Started = info.Started.AsTime()
	}
	all, err := s.list(ctx, &theaterv1.Filter{Under: s.under}, topFields)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	shown.Actors = make([]top.Actor, 0, len(all))
	for _, a := range all {
		shown.Actors = append(shown.Actors, top.Actor{
			ID: escape(a.Id), Path: escape(a.Path), Status: escape(a.Status), Failure: whyLive(a.LastFailure), Busy: busyFor(a, now), Waits: a.Waits,
			Mailbox: a.Mailbox, Restarts: a.Restarts, Turns: a.Turns, Fuel: a.Fuel, Memory: a.Memory,
		})
	}
	return shown, nil
}

// busyFor is for how long a turn runs, 0 for none.
func busyFor(a *theaterv1.Actor, now time.Time) time.Duration {
	if a.BusySince == nil {
		return 0
	}
	return max(now.Sub(a.BusySince.AsTime()), 1)
}

// targetOf is what the node knows an actor by: an id names one for good, a path the one
// that is there.
func targetOf(a top.Actor) string {
	if a.ID != "" {
		return a.ID
	}
	return a.Path
}

// Do implements top.Source.
func (s *topSource) Do(ctx context.Context, deed top.Deed, a top.Actor) (err error) {
	target := targetOf(a)
	switch deed {
	case top.Stop:
		_, err = ask(ctx, s.conn, s.Actors.Stop, &theaterv1.StopRequest{Target: target})
	case top.Restart:
		_, err = ask(ctx, s.conn, s.Actors.Restart, &theaterv1.RestartRequest{Target: target})
	case top.Kill:
		_, err = ask(ctx, s.conn, s.Actors.Kill, &theaterv1.KillRequest{Target: target})
	}
	return err
}

// How much of the past a feed begins with.
const (
	pastRecords = 50
	pastLines   = 200
)

// Follow implements top.Source.
func (s *topSource) Follow(ctx context.Context, feed top.Feed, a top.Actor) (top.Lines, error) {
	if feed == top.Logs {
		stream, err := s.Actors.Logs(ctx, &theaterv1.LogsRequest{Under: a.Path, Follow: true, Tail: new(uint32(pastLines))})
		if err != nil {
			return nil, s.explain(ctx, err)
		}
		of := traces{of: map[string]*trace{}}
		return &feedLines[theaterv1.LogsResponse]{ctx: ctx, n: s.conn, stream: stream, text: func(m *theaterv1.LogsResponse) []string {
			return lineTexts(&of, m)
		}}, nil
	}
	chain, err := ask(ctx, s.conn, s.Chain.GetChain, &theaterv1.GetChainRequest{Target: targetOf(a)})
	if err != nil {
		return nil, err
	}
	from := max(chain.Chain.GetRecords(), pastRecords) - pastRecords
	stream, err := s.Chain.Events(ctx, &theaterv1.EventsRequest{Target: chain.Chain.GetId(), From: &from, Follow: true})
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	return &feedLines[theaterv1.EventsResponse]{ctx: ctx, n: s.conn, stream: stream, text: func(m *theaterv1.EventsResponse) []string {
		if m.Event == nil {
			return nil
		}
		return []string{s.eventOf(ctx, m.Event).inOneLine()}
	}}, nil
}

// lineTexts is what is shown of a line of a guest, and how many were missed before it.
func lineTexts(of *traces, m *theaterv1.LogsResponse) (lines []string) {
	l := m.Line
	if m.Missed > 0 {
		lines = append(lines, fmt.Sprintf("… %s came too fast to be shown", count(m.Missed, "line")))
	}
	if l == nil {
		return lines
	}
	for _, text := range of.shorten(actors.Line{Path: l.Path, Stream: l.Stream, Text: l.Text}) {
		lines = append(lines, l.Time.AsTime().Local().Format("15:04:05.000")+" ["+escape(l.Path)+"] "+escape(text))
	}
	return lines
}

// feedLines are the messages of a stream as lines.
type feedLines[M any] struct {
	ctx    context.Context // of the stream
	n      *conn
	stream interface {
		Receive() bool
		Msg() *M
		Err() error
		Close() error
	}
	text  func(*M) []string
	lines []string // that are not told yet
}

// Next implements top.Lines.
func (f *feedLines[M]) Next() (string, error) {
	for len(f.lines) == 0 && f.stream.Receive() {
		f.lines = f.text(f.stream.Msg())
	}
	if len(f.lines) > 0 {
		line := f.lines[0]
		f.lines = f.lines[1:]
		return line, nil
	}
	if err := f.n.brokenOff(f.ctx, f.stream.Err(), true); err != nil {
		return "", err
	}
	return "", io.EOF
}

// Close implements top.Lines.
func (f *feedLines[M]) Close() error { return f.stream.Close() }
