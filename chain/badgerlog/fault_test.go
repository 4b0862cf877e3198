package badgerlog_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// steps are what a log commits, by the beginnings of the keys.
var steps = map[string]string{"blobs": "b/", "blocks": "g/", "pages": "i/", "summaries": "m/", "watermark": "wa", "epoch": "ep"}

// fault is what happens at a step: before it or when it is done, the third time.
type fault struct {
	step   string
	after  bool
	happen func() error
}

// options have the fault happen, in a log whose larger transactions are split.
func (f fault) options() badgerlog.Options {
	left := 3
	if f.step == "epoch" {
		left = 1
	}
	return badgerlog.AtEachStep(badgerlog.Scaled(badgerlog.Options{}, 1<<20, 1<<20), func(what map[string]bool, done bool) error {
		if !what[steps[f.step]] || done != f.after {
			return nil
		}
		if left--; left != 0 {
			return nil
		}
		return f.happen()
	})
}

// many is how many actors write in a faulty log: their index does not fit into one
// transaction.
const many = 900

// write has many actors write to a folder, until it cannot go on; acked is told what is
// acknowledged.
func (f fault) write(dir string, acked func(actor int, number uint64, hash chain.Hash)) error {
	ctx := context.Background()
	l, err := badgerlog.Open(dir, f.options())
	if err != nil {
		return err
	}
	l.FlushAt(20_000)
	w, err := l.Writer(ctx)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	module := w.PutBlob(chaintest.Module)
	var number uint64
	if s, err := l.Summary(ctx, chaintest.ID(0)); err == nil {
		number = s.Records
	}
	for end := number + 6; number < end && err == nil; number++ {
		for actor := 0; actor < many && err == nil; actor++ {
			rec := chaintest.Turn(chaintest.ID(actor), number, 10)
			switch {
			case number == 0:
				rec = chaintest.Genesis(chaintest.ID(actor), module)
			case actor%100 == 0:
				rec.Events[1].(*chain.Host).Output = chain.PutPayload(w, bytes.Repeat([]byte(fmt.Sprint(actor, number)), 2000))
			case number > 2 && actor > 20: // the rest have short chains
				continue
			}
			err = w.Append(chaintest.Draft(rec), chaintest.Ack(func(r *chain.Stored, err error) {
				if err == nil {
					acked(actor, r.Number, r.Hash)
				}
			}))
		}
		err = errors.Join(err, w.Flush(ctx))
	}
	return errors.Join(err, l.Close())
}

func TestNothingAcknowledgedIsLostByAFailureAtAnyStep(t *testing.T) {
	injected := errors.New("the step fails")
	for name := range steps {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, done %v", name, after), func(t *testing.T) {
				dir := t.TempDir()
				acked := map[chain.ID]map[uint64]chain.Hash{}
				f := fault{name, after, func() error { return injected }}
				if err := f.write(dir, note(acked)); !errors.Is(err, injected) {
					t.Fatalf("the log says %v", err)
				}
				if len(acked) == 0 && name != "epoch" {
					t.Fatal("nothing was acknowledged")
				}
				goesOn(t, dir, acked)
			})
		}
	}
}

func TestNothingAcknowledgedIsLostByAKillAtAnyStep(t *testing.T) {
	for name := range steps {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, done %v", name, after), func(t *testing.T) {
				dir := t.TempDir()
				acked := map[chain.ID]map[uint64]chain.Hash{}
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), fmt.Sprintf("BADGERLOG_TEST_FAULT=%s %v %s", name, after, dir))
				cmd.Stderr = os.Stderr
				out, err := cmd.StdoutPipe()
				chaintest.Must(t, err)
				chaintest.Must(t, cmd.Start())
				readAcked(out, acked)
				if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
					t.Fatalf("the child ends with %v", err)
				}
				if len(acked) == 0 && name != "epoch" {
					t.Fatal("nothing was acknowledged")
				}
				goesOn(t, dir, acked)
			})
		}
	}
}

// faulty is a child that kills itself at a step.
func faulty(what string) {
	var f fault
	var dir string
	_, err := fmt.Sscan(what, &f.step, &f.after, &dir)
	exitOn(err)
	f.happen = func() error {
		self, err := os.FindProcess(os.Getpid())
		exitOn(err)
		exitOn(self.Kill())
		select {}
	}
	out := bufio.NewWriter(os.Stdout)
	exitOn(f.write(dir, func(actor int, number uint64, hash chain.Hash) {
		fmt.Fprintln(out, actor, number, hash)
		exitOn(out.Flush())
	}))
}

func note(acked map[chain.ID]map[uint64]chain.Hash) func(int, uint64, chain.Hash) {
	return func(actor int, number uint64, hash chain.Hash) {
		id := chaintest.ID(actor)
		if acked[id] == nil {
			acked[id] = map[uint64]chain.Hash{}
		}
		acked[id][number] = hash
	}
}

// goesOn looks for what was acknowledged, verifies every chain, and has the log go on.
func goesOn(t *testing.T, dir string, acked map[chain.ID]map[uint64]chain.Hash) {
	t.Helper()
	check(t, dir, acked)
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	last := map[chain.ID]uint64{}
	for s, err := range l.Actors(t.Context()) {
		chaintest.Must(t, err)
		if last[s.ID] = s.Records; acked[s.ID] != nil {
			continue
		}
		_, err = chain.Verify(t.Context(), l, s.ID)
		chaintest.Must(t, err)
	}
	for id := range acked {
		if last[id] == 0 {
			t.Fatalf("actor %s is not listed", id)
		}
	}
	from := last[chaintest.ID(1)]
	if from == 0 {
		chaintest.Begin(t, w, chaintest.ID(1))
		from = 1
	}
	chaintest.Fill(t, w, chaintest.ID(1), from, from+3)
	chaintest.Must(t, l.Close())
	l = open(t, dir, badgerlog.Options{})
	verified(t, l, from+3)
	chaintest.Must(t, l.Close())
}
