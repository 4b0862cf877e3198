package cli

import (
	"context"
	"fmt"
	"math"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func (p *program) chainShowCommand() *cli.Command {
	o, source := &showOptions{}, p.newChainSource()
	return &cli.Command{
		Name:      "show",
		Usage:     "show the records of an actor",
		UsageText: "theater chain show ACTOR [--from N] [--limit N] [FLAGS]",
		Description: `Each record is shown with its events in order. In text, bytes that are UTF-8 are
written b"text", and long values are cut; with -o json the result is an array of
records with values as whole literals.

` + sourceText + `

Examples:
   theater chain show /counter
   theater chain show counter --from 10 --limit 5 -o json`,
		Flags: source.flags(
			&cli.Uint64Flag{Name: "from", Destination: &o.from, Usage: "begin with record `N`"},
			&cli.Uint64Flag{Name: "limit", Destination: &o.limit, Usage: "show at most `N` records", DefaultText: "all"},
		),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1, "an ACTOR: a path, a name or an id")
			if err != nil {
				return err
			}
			if !c.IsSet("limit") {
				o.limit = math.MaxUint64
			}
			return source.read(c, func(ctx context.Context, r chain.Reader) error {
				return p.chainShow(ctx, r, args[0], o, source.format.value)
			})
		},
	}
}

type showOptions struct{ from, limit uint64 }

func (p *program) chainShow(ctx context.Context, r chain.Reader, target string, o *showOptions, format string) error {
	s, err := find(ctx, r, target)
	if err != nil {
		return err
	}
	live, err := lives(ctx, r, s.ID)
	if err != nil {
		return err
	}
	list, events := p.newListWriter(format, false), newEventReader(ctx, r, s)
	var show recordWriter = &textRecords{list, events, s, live}
	if list.json {
		show = &jsonRecords{list, events}
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
	return show.end()
}

// lives reports whether an actor has a process; in a data folder none has.
func lives(ctx context.Context, r chain.Reader, id chain.ID) (bool, error) {
	n, ok := r.(*nodeChains)
	if !ok {
		return false, nil
	}
	answer, err := ask(ctx, n.conn, n.Chain.GetChain, &theaterv1.GetChainRequest{Target: id.String()})
	return answer.GetChain().GetLive(), err
}

// recordWriter shows the records of one actor.
type recordWriter interface {
	begin() error
	record(chain.Record) error
	end() error
}

// textRecords shows records to people.
type textRecords struct {
	*listWriter
	events *eventReader
	actor  chain.Summary
	live   bool
}

func (t *textRecords) begin() error {
	s := t.actor
	_, err := fmt.Fprintf(t.to, "%s  %s\n%s, %s, %s, module %s\n", escape(s.Path), s.ID,
		escape(standing(s, t.live)), count(s.Records, "record"), count(s.Events, "event"), short(s.Module))
	return err
}

func (t *textRecords) record(r chain.Record) error {
	if _, err := fmt.Fprintf(t.to, "\n#%d  %s\n", r.Number, short(r.Hash)); err != nil {
		return err
	}
	for _, of := range r.Events {
		e := t.events.event(of)
		text, state := e.text()
		if state != "" {
			text += "\n            " + state
		}
		if _, err := fmt.Fprintf(t.to, "  %-9s %s\n", e.Kind, text); err != nil {
			return err
		}
	}
	return nil
}
