package cli_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/cli"
	"github.com/theater-go/theater/wasm"
)

func TestWhatBecomesOfAnActorIsOneLine(t *testing.T) {
	trap := &wasm.Trap{Kind: wasm.KindUnreachable, Message: "unreachable", Known: true, Function: "till.count"}
	trapped := actors.Exit{Reason: actors.ReasonTrap, Err: trap}
	killed := actors.Exit{Reason: actors.ReasonKilled, Err: wasm.Trapf(wasm.KindKilled, "it did not end within its shutdown time")}
	till := func(c actors.Change) actors.Change {
		c.Path = "/shop/till"
		return c
	}
	failed := till(actors.Change{What: actors.ChangeFailed, Exit: trapped, Directive: actors.DirectiveRestart, Wait: 200 * time.Millisecond, Restarts: 1})
	with := func(exit actors.Exit) actors.Change {
		return till(actors.Change{What: actors.ChangeFailed, Exit: exit, Directive: actors.DirectiveStop})
	}
	gone := func(exit actors.Exit) actors.Change { return till(actors.Change{What: actors.ChangeGone, Exit: exit}) }
	again := till(actors.Change{What: actors.ChangeStarted, Restarts: 2})
	for name, c := range map[string]struct {
		over    error
		changes []actors.Change
		want    []string
	}{
		"a failure and its restart": {changes: []actors.Change{failed, again},
			want: []string{"failed /shop/till: trap unreachable in till.count; restart 2 in 200ms"}},
		"a wait is told to the millisecond": {changes: []actors.Change{till(actors.Change{What: actors.ChangeFailed, Exit: trapped, Directive: actors.DirectiveRestart, Wait: 99_466_811})},
			want: []string{"failed /shop/till: trap unreachable in till.count; restart 1 in 99ms"}},
		"a restart without a wait": {changes: []actors.Change{till(actors.Change{What: actors.ChangeFailed, Exit: trapped, Directive: actors.DirectiveRestart})},
			want: []string{"failed /shop/till: trap unreachable in till.count; restart 1 at once"}},
		"a failure without one": {changes: []actors.Change{with(trapped), gone(trapped)},
			want: []string{"failed /shop/till: trap unreachable in till.count; it is not restarted"}},
		"one too many": {changes: []actors.Change{till(actors.Change{What: actors.ChangeFailed, Exit: trapped, Directive: actors.DirectiveEscalate})},
			want: []string{"failed /shop/till: trap unreachable in till.count; its supervisor gives up"}},
		"a start again that no failure of its own has brought": {changes: []actors.Change{failed, again, again},
			want: []string{"failed /shop/till: trap unreachable in till.count; restart 2 in 200ms", "restarted /shop/till, restart 2"}},
		"an end in order": {changes: []actors.Change{
			till(actors.Change{What: actors.ChangeEnded, Exit: actors.Exit{Reason: actors.ReasonNormal}, Directive: actors.DirectiveStop}), gone(actors.Exit{Reason: actors.ReasonNormal})}},
		"an end in order of one that never ends": {changes: []actors.Change{
			till(actors.Change{What: actors.ChangeEnded, Exit: actors.Exit{Reason: actors.ReasonNormal}, Directive: actors.DirectiveRestart}), again},
			want: []string{"ended /shop/till: normal; restart 1 at once"}},
		"an end that a stop has brought":        {changes: []actors.Change{gone(actors.Exit{Reason: actors.ReasonShutdown})}},
		"one that did not end when it had to":   {changes: []actors.Change{gone(killed)}, want: []string{"failed /shop/till: killed: it did not end within its shutdown time; it is not restarted"}},
		"one that the end of the run has cut":   {over: errors.New("time is up"), changes: []actors.Change{with(killed), gone(killed)}, want: []string{"killed /shop/till: time is up"}},
		"one that fails while the run ends":     {over: errors.New("time is up"), changes: []actors.Change{gone(trapped)}, want: []string{"failed /shop/till: trap unreachable in till.count; it is not restarted"}},
		"the top, of which the run tells":       {changes: []actors.Change{{Ref: actors.Ref{Path: "/shop"}, What: actors.ChangeFailed, Exit: trapped}}},
		"a failure that is no trap":             {changes: []actors.Change{with(actors.Exit{Reason: actors.ReasonError, Err: errors.New("no milk")})}, want: []string{"failed /shop/till: error: no milk; it is not restarted"}},
		"a limit":                               {changes: []actors.Change{with(actors.Exit{Reason: actors.ReasonLimit, Err: wasm.Trapf(wasm.KindDeadline, "too long")})}, want: []string{"failed /shop/till: limit: trap deadline: too long; it is not restarted"}},
		"a function without a name":             {changes: []actors.Change{with(actors.Exit{Reason: actors.ReasonTrap, Err: &wasm.Trap{Kind: wasm.KindMemory, Known: true, Index: 7, Offset: 0x2c}})}, want: []string{"failed /shop/till: trap memory in function 7 at 0x2c; it is not restarted"}},
		"words that would act on a terminal":    {changes: []actors.Change{with(actors.Exit{Reason: actors.ReasonTrap, Err: &wasm.Trap{Kind: wasm.KindPanic, Message: "\x1b[2J\n", Known: true, Function: "\u202ef"}})}, want: []string{`failed /shop/till: trap panic: \x1b[2J\n in \u202ef; it is not restarted`}},
		"an error that would act on one":        {changes: []actors.Change{with(actors.Exit{Reason: actors.ReasonError, Err: errors.New("\x1b[2J")})}, want: []string{`failed /shop/till: error: \x1b[2J; it is not restarted`}},
		"a path that would act on one, started": {changes: []actors.Change{{Ref: actors.Ref{Path: "/shop/\x1b[2J"}, What: actors.ChangeStarted, Restarts: 1}}, want: []string{`restarted /shop/\x1b[2J, restart 1`}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := cli.News(c.over, c.changes...); !slices.Equal(got, c.want) {
				t.Errorf("told: %q\nwant: %q", got, c.want)
			}
		})
	}
}
