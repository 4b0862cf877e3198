package cli

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/chain"
)

func (p *program) chainShowCommand() *cli.Command {
	o := &showOptions{}
	format := choose("text", formatJSON)
	return &cli.Command{
		Name:      "show",
		Usage:     "show the records of an actor",
		UsageText: "theater chain show ACTOR [--from N] [--limit N] [--data DIR] [-o json]",
		Description: `Each record is shown with its events in order. In text, bytes that are UTF-8 are
written b"text", and long values are cut; with -o json the result is an array of
records with values as whole literals.

Examples:
   theater chain show /counter
   theater chain show counter --from 10 --limit 5 -o json`,
		Flags: []cli.Flag{
			&cli.Uint64Flag{Name: "from", Destination: &o.from, Usage: "begin with record `N`"},
			&cli.Uint64Flag{Name: "limit", Destination: &o.limit, Usage: "show at most `N` records", DefaultText: "all"},
			dataFlag(&o.data), outputFlag(format),
		},
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1, "an ACTOR: a path, a name or an id")
			if err != nil {
				return err
			}
			if !c.IsSet("limit") {
				o.limit = math.MaxUint64
			}
			return withLog(o.data, func(r chain.Reader) error { return p.chainShow(c.Context, r, args[0], o, format.value) })
		},
	}
}

type showOptions struct {
	data        string
	from, limit uint64
}

func (p *program) chainShow(ctx context.Context, r chain.Reader, target string, o *showOptions, format string) error {
	s, err := chain.Find(ctx, r, target)
	if err != nil {
		return noActor(err)
	}
	out := bufio.NewWriter(p.out)
	shown := &program{in: p.in, out: out, err: p.err}
	show := shown.textRecords(ctx, r, s)
	if format == formatJSON {
		show = shown.jsonRecords(ctx, r, s)
	}
	if err := show.begin(); err != nil {
		return err
	}
	left := o.limit
	for record, err := range r.Records(ctx, s.ID, o.from) {
		if err != nil {
			return err
		}
		if left == 0 {
			break
		}
		left--
		if err := show.record(record); err != nil {
			return err
		}
	}
	if err := show.end(); err != nil {
		return err
	}
	return out.Flush()
}

// recordWriter shows the records of one actor.
type recordWriter interface {
	begin() error
	record(chain.Record) error
	end() error
}

// textRecords shows records to people.
type textRecords struct {
	*program
	displayer
	names
	actor chain.Summary
}

func (p *program) textRecords(ctx context.Context, r chain.Reader, s chain.Summary) recordWriter {
	return &textRecords{program: p, displayer: displayer{ctx, r}, names: moduleNames(ctx, r, s.Module), actor: s}
}

func (t *textRecords) begin() error {
	s := t.actor
	_, err := fmt.Fprintf(t.out, "%s  %s\n%s, %s, %s, module %s\n", escape(s.Path), s.ID,
		escape(standing(s)), count(s.Records, "record"), count(s.Events, "event"), short(s.Module))
	return err
}

func (t *textRecords) record(r chain.Record) error {
	if _, err := fmt.Fprintf(t.out, "\n#%d  %s\n", r.Number, short(r.Hash)); err != nil {
		return err
	}
	for _, e := range r.Events {
		if _, err := fmt.Fprintf(t.out, "  %-9s %s\n", chain.KindOf(e), t.event(e)); err != nil {
			return err
		}
	}
	return nil
}

func (t *textRecords) end() error { return nil }

// event is an event in one line.
func (t *textRecords) event(e chain.Event) string {
	switch e := e.(type) {
	case *chain.Genesis:
		children := ""
		if !e.Children.IsZero() {
			children = ", children " + short(e.Children)
		}
		return fmt.Sprintf("%s  %s at %s, module %s, manifest %s%s, convention %d",
			moment(e.Time), escape(e.Name), escape(e.Path), short(e.Module), short(e.Manifest), children, e.Convention)
	case *chain.Call:
		return fmt.Sprintf("%s  %s%s%s", moment(e.Time), escape(t.export(e.Export)), bracketed(t.text(e.Params)), causeText(e))
	case *chain.Host:
		return escape(t.imported(e.Import)) + bracketed(t.text(e.Input)) + t.ended(e.Status, e.Output)
	case *chain.Intent:
		return escape(t.imported(e.Import)) + bracketed(t.text(e.Input)) + " leaves"
	case *chain.Outcome:
		input := "" // of a call that has left it stands with its intent
		if !e.Input.IsZero() {
			input = bracketed(t.text(e.Input))
		}
		return moment(e.Time) + "  " + escape(t.imported(e.Import)) + input + t.ended(e.Status, e.Output)
	case *chain.Key:
		return "of the turn's randomness"
	case *chain.Result:
		return t.result(e)
	case *chain.Lifecycle:
		return lifecycleText(e)
	}
	return ""
}

// bracketed puts parameters that are no tuple in brackets, as a tuple has.
func bracketed(text string) string {
	if len(text) > 0 && text[0] == '(' {
		return text
	}
	return "(" + text + ")"
}

func (t *textRecords) ended(status chain.CallStatus, output chain.Payload) string {
	answer := t.text(output)
	switch {
	case status == chain.CallAnswered && answer == "":
		return ""
	case status == chain.CallAnswered:
		return " = " + answer
	case answer == "":
		return " " + status.String()
	}
	return " " + status.String() + " " + answer
}

func causeText(c *chain.Call) string {
	text := ""
	switch c.Cause.Kind {
	case chain.CauseEvent:
		text = "  because of " + refText(c.Cause.Event)
	case chain.CauseExternal:
		text = "  from " + escape(c.Cause.External)
	}
	if c.Delivery > 1 {
		text += fmt.Sprintf(", delivery %d", c.Delivery)
	}
	return text
}

func refText(r chain.Ref) string { return fmt.Sprintf("%s #%d.%d", r.Actor, r.Record, r.Index) }

// result is how a turn ended, and the state it leaves.
func (t *textRecords) result(r *chain.Result) string {
	text := r.Status.String()
	switch {
	case r.Status == chain.ResultOK:
		text += "  " + t.text(r.Response)
	case !r.Error.IsZero():
		text += "  " + t.text(r.Error)
	case r.Text != "":
		text += "  " + clip(r.Text)
	case r.Trap.Kind != "":
		text += "  " + escape(r.Trap.Kind)
		if name := t.function(r.Trap); name != "" {
			text += " in " + escape(name)
		}
	}
	if r.Fuel > 0 {
		text += fmt.Sprintf("  after %d fuel", r.Fuel)
	}
	switch s := r.State; {
	case s.IsZero():
	case len(s.Inline) > 0:
		text += "\n            state " + clip(display(s.Inline))
	default:
		text += fmt.Sprintf("\n            state %s, %s", short(s.Sum), size(s.Length))
	}
	return text
}

func lifecycleText(l *chain.Lifecycle) string {
	text := moment(l.Time) + "  " + l.What.String()
	if l.Count > 0 {
		text += fmt.Sprintf(" %d", l.Count)
	}
	if l.Reason != "" && l.Reason != l.What.String() {
		text += " (" + escape(l.Reason) + ")"
	}
	if l.Detail != "" {
		text += ": " + clip(l.Detail)
	}
	if !l.Ref.IsZero() {
		text += "  " + refText(l.Ref)
	}
	switch l.What {
	case chain.LifecycleRestart:
		text += "  " + restartText(l)
	case chain.LifecycleCheckpoint:
		text += "  " + short(l.Sum)
	}
	return text
}

// restartText is how long an actor waited for its restart, and what it begins
// with.
func restartText(l *chain.Lifecycle) string {
	state := "with its last state"
	if !l.Sum.IsZero() {
		state = "with its initial state"
	}
	if l.Wait > 0 {
		state = fmt.Sprintf("after %s, %s", rounded(time.Duration(l.Wait)), state)
	}
	return state
}
