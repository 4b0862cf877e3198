package replay_test

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/replay"
)

// chainOf is a chain of records with the given events.
func chainOf(records ...[]chain.Event) iter.Seq2[chain.Record, error] {
	return func(yield func(chain.Record, error) bool) {
		for i, events := range records {
			if !yield(chain.Record{Number: uint64(i), Events: events}, nil) {
				return
			}
		}
	}
}

// stepText is a step as it is written in these tests.
func stepText(step replay.Step) string {
	switch s := step.(type) {
	case *replay.Turn:
		text := fmt.Sprintf("%d:%d", s.Record, len(s.Events))
		if s.Result == nil {
			text += " open"
		}
		return text
	case *replay.Restart:
		return fmt.Sprintf("%d:%s", s.Record, map[bool]string{true: "fresh", false: "last"}[s.Fresh()])
	case *replay.Checkpoint:
		return fmt.Sprintf("%d:checkpoint", s.Record)
	}
	return "no step"
}

func TestStepsAreFoldedOutOfRecords(t *testing.T) {
	begin, end := &chain.Call{}, &chain.Result{}
	local, left, back, key := &chain.Host{}, &chain.Intent{}, &chain.Outcome{}, &chain.Key{}
	dropped := &chain.Lifecycle{What: chain.LifecycleDropped}
	mark := &chain.Lifecycle{What: chain.LifecycleCheckpoint}
	trap := &chain.Result{Status: chain.ResultTrap}
	first, again, last := &chain.Genesis{InitialState: chain.Hash{1}}, &chain.Lifecycle{Sum: chain.Hash{1}}, &chain.Lifecycle{}
	for _, c := range []struct {
		name    string
		records [][]chain.Event
		want    string
	}{
		{"none", nil, ""},
		{"a genesis alone", [][]chain.Event{{&chain.Genesis{}}}, ""},
		{"a turn in a record", [][]chain.Event{{&chain.Genesis{}}, {begin, local, key, end}}, "1:2"},
		{"turns and what lies between them", [][]chain.Event{{&chain.Genesis{}}, {begin, end}, {dropped}, {begin, local, end}, {&chain.Lifecycle{What: chain.LifecycleResumed}}}, "1:0 3:1"},
		{"a turn of several records", [][]chain.Event{{begin, local, left}, {dropped}, {back, left}, {back, end}}, "0:5"},
		{"two turns in a record", [][]chain.Event{{begin, end, begin, local, end}}, "0:0 0:1"},
		{"a restart after a turn that ended the instance", [][]chain.Event{{first}, {begin, trap}, {dropped, again}, {begin, end}}, "1:0 2:fresh 3:0"},
		{"a restart that keeps the state", [][]chain.Event{{first}, {begin, trap}, {last}, {begin, end}}, "1:0 2:last 3:0"},
		{"restarts after a turn that succeeded", [][]chain.Event{{first}, {begin, end, again, again}, {last}}, "1:0 1:fresh 1:fresh 2:last"},
		{"a turn that ended the instance, at the end", [][]chain.Event{{first}, {begin, trap}, {dropped}}, "1:0"},
		{"a checkpoint between turns", [][]chain.Event{{first}, {begin, end}, {mark}, {begin, end}}, "1:0 2:checkpoint 3:0"},
		{"a turn that is open", [][]chain.Event{{begin, end}, {begin, left}}, "0:0 1:1 open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for step, err := range replay.Steps(chainOf(c.records...)) {
				check(t, err)
				got = append(got, stepText(step))
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("the steps are %q, want %q", text, c.want)
			}
		})
	}
	t.Run("until an error", func(t *testing.T) {
		broken := errors.New("broken")
		var seen []error
		for _, err := range replay.Steps(func(yield func(chain.Record, error) bool) {
			if yield(chain.Record{Events: []chain.Event{begin}}, nil) {
				yield(chain.Record{}, broken)
			}
		}) {
			seen = append(seen, err)
		}
		if len(seen) != 1 || seen[0] != broken {
			t.Errorf("it gives %v", seen)
		}
	})
	t.Run("as far as they are asked for", func(t *testing.T) {
		for range replay.Steps(chainOf([]chain.Event{begin, end}, []chain.Event{begin, end})) {
			break
		}
	})
}

func TestARestartOrACheckpointThatCannotBeIsRefused(t *testing.T) {
	begin, ok, trap := &chain.Call{}, &chain.Result{}, &chain.Result{Status: chain.ResultTrap}
	mark := &chain.Lifecycle{What: chain.LifecycleCheckpoint}
	first := &chain.Genesis{InitialState: chain.Hash{1}}
	for _, c := range []struct {
		name    string
		records [][]chain.Event
		says    string
	}{
		{"with another state", [][]chain.Event{{first}, {begin, trap}, {&chain.Lifecycle{Sum: chain.Hash{2}}}},
			"record 2: a restart with the state 0200"},
		{"with a state where the actor had none", [][]chain.Event{{&chain.Genesis{}}, {&chain.Lifecycle{Sum: chain.Hash{2}}}},
			"record 1: a restart with the state 0200"},
		{"within a turn", [][]chain.Event{{first}, {begin, &chain.Lifecycle{}, ok}}, "record 1: a restart within the turn of record 1"},
		{"that is missing", [][]chain.Event{{first}, {begin, trap}, {&chain.Lifecycle{What: chain.LifecycleResumed}}, {begin, ok}},
			"record 3: a turn begins after that of record 1 (trap)"},
		{"a checkpoint within a turn", [][]chain.Event{{first}, {begin, mark, ok}}, "record 1: a checkpoint within the turn of record 1"},
		{"a checkpoint of what has ended", [][]chain.Event{{first}, {begin, trap}, {mark}}, "record 2: a checkpoint of the instance that the turn of record 1 has ended"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var last error
			for step, err := range replay.Steps(chainOf(c.records...)) {
				if last = err; err == nil && step == nil {
					t.Error("no step and no error")
				}
			}
			if !errors.Is(last, chain.ErrCorrupt) || !strings.Contains(last.Error(), c.says) {
				t.Errorf("it gives %v, want %q", last, c.says)
			}
		})
	}
}
