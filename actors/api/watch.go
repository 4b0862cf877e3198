package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// takenAtOnce is how much is taken out of a ring in one go.
const takenAtOnce = 256

// Watch tells what becomes of actors from now on.
func (s *actorService) Watch(ctx context.Context, r *theaterv1.WatchRequest, out *connect.ServerStream[theaterv1.WatchResponse]) error {
	means, err := s.under(r.Under)
	if err != nil {
		return err
	}
	ring := s.Changes.changes
	reader := ring.open(false)
	defer ring.close(reader)
	if err := out.Send(&theaterv1.WatchResponse{}); err != nil {
		return err
	}
	missed := uint64(0) // until there is something to say
	for {
		changes, forgotten := ring.take(reader, takenAtOnce)
		missed += forgotten
		for _, c := range changes {
			if !means(c.Path) {
				continue
			}
			if err := out.Send(&theaterv1.WatchResponse{Missed: missed, Change: c.shown()}); err != nil {
				return err
			}
			missed = 0
		}
		if len(changes) > 0 {
			continue
		}
		if err := reader.wait(ctx, s.base); err != nil {
			return err
		}
	}
}

func (c *change) shown() *theaterv1.Change {
	shown := &theaterv1.Change{
		Time: timestamppb.New(c.time), Path: c.Path, What: string(c.What),
		Directive: string(c.Directive), Wait: span(c.Wait), Restarts: int64(c.Restarts),
	}
	if !c.ID.IsZero() {
		shown.Id = c.ID.String()
	}
	if c.Exit.Reason != "" {
		shown.Exit = exit(c.Exit)
	}
	return shown
}

// under reads a field that means an actor and all below it, and all actors when it is
// empty. A path need not be one of an actor that lives.
func (s *Server) under(target string) (means func(path string) bool, err error) {
	if target == "" {
		return func(string) bool { return true }, nil
	}
	path := target
	if !strings.HasPrefix(target, "/") {
		ref, err := s.live(target)
		if err != nil {
			r := *refusalOf(err)
			return nil, r.at("under")
		}
		path = ref.Path
	}
	return func(other string) bool {
		return strings.HasPrefix(other, path) && (len(other) == len(path) || other[len(path)] == '/')
	}, nil
}

var lineStreams = []string{"log", "stdout", "stderr"}

// Logs tells what guests write, from what the node remembers on.
func (s *actorService) Logs(ctx context.Context, r *theaterv1.LogsRequest, out *connect.ServerStream[theaterv1.LogsResponse]) error {
	for _, name := range r.Streams {
		if !slices.Contains(lineStreams, name) {
			return invalid("streams", "%.40q is no stream", name).hinting("streams are " + strings.Join(lineStreams, ", "))
		}
	}
	var since time.Time
	if r.Since != nil {
		if err := r.Since.CheckValid(); err != nil {
			return invalid("since", "since is no time")
		}
		since = r.Since.AsTime()
	}
	means, err := s.under(r.Under)
	if err != nil {
		return err
	}
	wanted := func(l line) bool {
		return means(l.Path) && (len(r.Streams) == 0 || slices.Contains(r.Streams, l.Stream)) && !l.time.Before(since)
	}
	ring := s.Lines.lines
	reader := ring.open(true)
	defer ring.close(reader)
	lines, _ := ring.take(reader, ring.most) // what comes later is new, and no tail leaves it out
	if err := out.Send(&theaterv1.LogsResponse{}); err != nil {
		return err
	}
	if err := remembered(lines, wanted, r.Tail, out); err != nil || !r.Follow {
		return err
	}
	missed := uint64(0) // until there is something to say
	for {
		lines, forgotten := ring.take(reader, takenAtOnce)
		missed += forgotten
		for _, l := range lines {
			if !wanted(l) {
				continue
			}
			if err := out.Send(&theaterv1.LogsResponse{Missed: missed, Line: l.shown()}); err != nil {
				return err
			}
			missed = 0
		}
		if len(lines) > 0 {
			continue
		}
		if err := reader.wait(ctx, s.base); err != nil {
			return err
		}
	}
}

// remembered sends those lines that are wanted, the newest of them when only so many
// are.
func remembered(lines []line, wanted func(line) bool, tail *uint32, out *connect.ServerStream[theaterv1.LogsResponse]) error {
	lines = slices.DeleteFunc(lines, func(l line) bool { return !wanted(l) })
	if tail != nil {
		lines = lines[len(lines)-min(len(lines), int(*tail)):]
	}
	for _, l := range lines {
		if err := out.Send(&theaterv1.LogsResponse{Line: l.shown()}); err != nil {
			return err
		}
	}
	return nil
}

func (l *line) shown() *theaterv1.LogLine {
	return &theaterv1.LogLine{
		Time: timestamppb.New(l.time), Actor: l.Actor.String(), Path: l.Path, Stream: l.Stream, Text: text(l.Text),
	}
}
