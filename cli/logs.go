package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

const logsText = `With TARGET, the path or id of an actor, it is what that one and those below it have
written. A node remembers the newest lines of all its actors, 10,000 of them unless
they are long; what an actor logged stands on its chain, too, for good.

-f goes on with what comes, until Ctrl-C. Of the stack of a Go guest that panics
there is one line, with the place; --stacks shows it whole.

With -o json the result is an array of lines; with -f each is an object on a line.

Examples:
   theater logs
   theater logs /shop -f --tail 20
   theater logs --since 10m --stream stderr
   theater logs /shop/till -o json | jq -r '.[].text'`

// logOptions are what the flags of logs say.
type logOptions struct {
	target  string // "" is all
	follow  bool
	tail    *uint32
	since   instant
	streams streamFlag
	stacks  bool
}

func (p *program) logsCommand() *cli.Command {
	l, o := p.newLive(), &logOptions{}
	l.bound += ", with -f 0"
	return &cli.Command{
		Name:        "logs",
		Usage:       "show what actors have written",
		UsageText:   "theater logs [TARGET] [-f] [FLAGS]",
		Description: logsText,
		Flags: l.flags(
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "go on with what comes", DisableDefaultText: true, Destination: &o.follow},
			&cli.UintFlag{Name: "tail", Usage: "begin with the newest `N` lines", DefaultText: "all that are remembered"},
			&cli.GenericFlag{Name: "since", Value: &o.since, Usage: "show lines of this `TIME` or later, such as 2026-05-01T12:00:00Z, or 10m for ten minutes ago"},
			&cli.GenericFlag{Name: "stream", Value: &o.streams, Usage: "show lines of `STREAM`: log, stdout or stderr; may be repeated"},
			&cli.BoolFlag{Name: "stacks", Usage: "show the stacks that Go guests print when they panic", DisableDefaultText: true, Destination: &o.stacks},
		),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 0, 1, "")
			if err != nil {
				return err
			}
			o.target = append(args, "")[0]
			if c.IsSet("tail") {
				tail := uint32(min(c.Uint("tail"), 1<<31))
				o.tail = &tail
			}
			l.endless = o.follow
			return l.with(c, func(ctx context.Context, n *conn) error { return n.logs(ctx, o, l.newLineWriter(o)) })
		},
	}
}

// logs shows lines until there are no more, or the user has had enough.
func (n *conn) logs(ctx context.Context, o *logOptions, to *lineWriter) error {
	under, err := n.under(ctx, o.target)
	if err != nil {
		return err
	}
	request := &theaterv1.LogsRequest{Under: under, Follow: o.follow, Tail: o.tail, Streams: o.streams}
	if !o.since.IsZero() {
		request.Since = timestamppb.New(o.since.Time)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := n.Actors.Logs(ctx, request)
	if err != nil {
		return n.explain(ctx, err)
	}
	defer stream.Close()
	told := false
	for stream.Receive() {
		if !told {
			err = to.begin()
		}
		told = true
		if m := stream.Msg(); m.Line != nil && err == nil {
			err = to.guest(m.Missed, m.Line)
		}
		if err != nil {
			return err
		}
	}
	err = n.brokenOff(ctx, stream.Err(), told)
	if o.follow && leftOff(ctx, told) {
		err = nil
	}
	if err != nil {
		return errors.Join(to.to.Flush(), err)
	}
	return to.end()
}

// under is the path of an actor that lives or has lived, or "" for all.
func (n *conn) under(ctx context.Context, target string) (string, error) {
	if target == "" {
		return "", nil
	}
	live, err := askAbout(ctx, n, target, n.Actors.Inspect, &theaterv1.InspectRequest{Target: target})
	if err == nil || !is(err, api.CodeNoActor) {
		return live.GetActor().GetPath(), err
	}
	past, chainErr := n.Chain.GetChain(ctx, &theaterv1.GetChainRequest{Target: target})
	if chainErr != nil {
		return "", err
	}
	return past.Chain.GetPath(), nil
}

// lineWriter shows lines of guests.
type lineWriter struct {
	*listWriter
	live   *live
	hues   *hues
	traces traces
}

func (l *live) newLineWriter(o *logOptions) *lineWriter {
	return &lineWriter{l.newListWriter(l.format.value, o.follow), l, l.newHues(), traces{all: o.stacks, of: map[string]*trace{}}}
}

// guestLine is a line as JSON shows it.
type guestLine struct {
	Time   time.Time `json:"time"`
	Actor  string    `json:"actor,omitempty"`
	Path   string    `json:"path"`
	Stream string    `json:"stream"`
	Text   string    `json:"text"`
}

// guest shows a line, and how many the node has forgotten before it.
func (w *lineWriter) guest(missed uint64, l *theaterv1.LogLine) error {
	if missed > 0 {
		fmt.Fprintf(w.live.err, "… %s came too fast to be shown\n", count(missed, "line"))
	}
	if w.json {
		return w.value(guestLine{l.Time.AsTime().UTC(), l.Actor, l.Path, l.Stream, l.Text})
	}
	id, _ := chain.ParseID(l.Actor)
	for _, text := range w.traces.shorten(actors.Line{Actor: id, Path: l.Path, Stream: l.Stream, Text: l.Text}) {
		if err := w.line(w.hues.paint(l.Path) + " " + escape(text)); err != nil {
			return err
		}
	}
	return nil
}

// streamFlag collects the streams of --stream.
type streamFlag []string

var guestStreams = []string{"log", "stdout", "stderr"}

// Set is called by the flag parser.
func (f *streamFlag) Set(text string) error {
	if err := choose(guestStreams...).Set(text); err != nil {
		return err
	}
	*f = append(*f, text)
	return nil
}

// String is the default in help texts.
func (f *streamFlag) String() string { return "" }
