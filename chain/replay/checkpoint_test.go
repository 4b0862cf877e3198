package replay_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/chain/replay"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// mark takes a checkpoint, as edit leaves it, and puts it on the chain.
func (l *life) mark(edit func(*chain.Checkpoint)) chain.Marker {
	l.t.Helper()
	s, err := l.machine.Snapshot()
	check(l.t, err)
	c := &chain.Checkpoint{Actor: chaintest.ID(1), Record: l.next, State: bytes.Clone(l.machine.State()), Machine: s.Encode()}
	if edit != nil {
		edit(c)
	}
	at := chain.Marker{Record: l.next, Sum: l.writer.PutBlob(c.Append(nil))}
	l.append(&chain.Lifecycle{What: chain.LifecycleCheckpoint, Sum: at.Sum})
	return at
}

// marks are the checkpoints on the chain.
func (l *life) marks() []chain.Marker {
	l.t.Helper()
	var all []chain.Marker
	for r, err := range l.log.Records(l.t.Context(), chaintest.ID(1), 0) {
		check(l.t, err)
		if e, ok := r.Events[0].(*chain.Lifecycle); ok && e.What == chain.LifecycleCheckpoint {
			all = append(all, chain.Marker{Record: r.Number, Sum: e.Sum})
		}
	}
	return all
}

// from is the machine after the tail of the chain from a checkpoint on.
func (l *life) from(at chain.Marker) (*wasm.Machine, error) {
	l.t.Helper()
	machine := start(l.t, l.module, limits)
	begin, err := replay.Load(l.t.Context(), l.module, l.log, chaintest.ID(1), at)
	if err != nil {
		return machine, err
	}
	check(l.t, begin.Restore(l.t.Context(), machine))
	for step, err := range replay.Tail(initialOf(l), l.log.Records(l.t.Context(), chaintest.ID(1), at.Record+1)) {
		if err == nil {
			err = replay.Run(l.t.Context(), machine, l.log, step)
		}
		if err != nil {
			return machine, err
		}
	}
	return machine, nil
}

func initialOf(l *life) chain.Hash {
	sum, err := l.log.Summary(l.t.Context(), chaintest.ID(1))
	check(l.t, err)
	return sum.InitialState
}

// same requires that two machines are the same between two turns.
func same(t *testing.T, what string, one, two *wasm.Machine) {
	t.Helper()
	if !bytes.Equal(one.State(), two.State()) {
		t.Errorf("%s: the states are %x and %x", what, one.State(), two.State())
	}
	a, err := one.Snapshot()
	if err != nil { // the chain ends with a turn that ended the instance
		if _, other := two.Snapshot(); other == nil {
			t.Errorf("%s: one has %v, the other nothing", what, err)
		}
		return
	}
	b, err := two.Snapshot()
	check(t, err)
	if difference := a.Difference(b); difference != "" {
		t.Errorf("%s: %s", what, difference)
	}
}

func TestAReplayFromACheckpointIsThatOfTheWholeChain(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	scripts := []string{"C", "IC", "I.C.", "ImCmxRImCxL.C", "IC.gLC.gLC.", "IrtCxLrCt", "I.eC.e", "ICiLC", "I.CWL."}
	for range 12 {
		scripts = append(scripts, script(random))
	}
	for _, script := range scripts {
		t.Run(script, func(t *testing.T) {
			l := live(t, script)
			whole, err := l.again(unedited)
			check(t, err)
			same(t, "the whole chain", l.machine, whole)
			for _, at := range l.marks() {
				tail, err := l.from(at)
				check(t, err)
				same(t, fmt.Sprintf("from record %d on", at.Record), whole, tail)
			}
		})
	}
}

// script is the life of an actor, with checkpoints wherever there may be some.
func script(random *rand.Rand) string {
	text, ended := []byte("I"), false
	for range 40 {
		if ended {
			again := [][]byte{[]byte("RI"), []byte("L")}[random.IntN(2)]
			text, ended = append(text, again...), false
		}
		letter := "..mmrtgexiWRLCCC"[random.IntN(16)]
		text = append(text, letter)
		if ended = strings.ContainsRune("xigW", rune(letter)); letter == 'R' {
			text = append(text, 'I')
		}
	}
	return string(text)
}

func TestACheckpointThatIsNotWhatTheMachineIsIsADivergence(t *testing.T) {
	other := live(t, "ImmmmmC")
	elsewhere, err := chain.LoadCheckpoint(t.Context(), other.log, chaintest.ID(1), other.marks()[0])
	check(t, err)
	for says, edit := range map[string]func(*chain.Checkpoint){
		"the state is another": func(c *chain.Checkpoint) { c.State = encode(pack.U64(1)) },
		"its memory differs":   func(c *chain.Checkpoint) { c.Machine = elsewhere.Machine },
	} {
		l := live(t, "I.m.")
		at := l.mark(edit)
		_, err := l.again(unedited)
		var diverged *replay.Divergence
		if !errors.As(err, &diverged) || diverged.Record != at.Record || !strings.Contains(err.Error(), says) ||
			!strings.Contains(err.Error(), "the checkpoint of record 5") {
			t.Errorf("it gives %v, want that %s", err, says)
		}
	}
}

func TestACheckpointThatCannotBeReadIsPassedAndNotLoaded(t *testing.T) {
	damaged := func(edit func(*chain.Checkpoint)) func(*life) chain.Marker {
		return func(l *life) chain.Marker { return l.mark(edit) }
	}
	for name, mark := range map[string]func(l *life) chain.Marker{
		"that is gone": func(l *life) chain.Marker {
			at := l.mark(nil)
			l.writer.DropBlob(at.Sum)
			return at
		},
		"that is no checkpoint": func(l *life) chain.Marker {
			at := chain.Marker{Record: l.next, Sum: l.writer.PutBlob([]byte("something else"))}
			l.append(&chain.Lifecycle{What: chain.LifecycleCheckpoint, Sum: at.Sum})
			return at
		},
		"of another record":      damaged(func(c *chain.Checkpoint) { c.Record-- }),
		"of another actor":       damaged(func(c *chain.Checkpoint) { c.Actor = chaintest.ID(2) }),
		"without a state":        damaged(func(c *chain.Checkpoint) { c.State = []byte("no value") }),
		"of another version":     damaged(func(c *chain.Checkpoint) { c.Machine[3]++ }),
		"of a machine cut short": damaged(func(c *chain.Checkpoint) { c.Machine = c.Machine[:len(c.Machine)-1] }),
		"of another module": damaged(func(c *chain.Checkpoint) {
			other, err := compileGuest(t, guest()).Start(t.Context(), limits)
			check(t, err)
			defer other.Close(t.Context())
			s, err := other.Snapshot()
			check(t, err)
			c.Machine = s.Encode()
		}),
	} {
		t.Run(name, func(t *testing.T) {
			l := live(t, "I.m")
			at := mark(l)
			l.play('.')
			if _, err := l.from(at); err == nil || !strings.Contains(err.Error(), "checkpoint of record 4") {
				t.Errorf("it is loaded: %v", err)
			}
			whole, err := l.again(unedited)
			check(t, err)
			same(t, "the whole chain", l.machine, whole)
		})
	}
}
