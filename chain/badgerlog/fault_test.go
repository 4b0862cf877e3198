package badgerlog_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
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

// write has many actors write to a folder, until it cannot go on; acked is told
// what is acknowledged.
func (f fault) write(dir string, acked func(line string)) error {
	ctx := context.Background()
	l, err := badgerlog.Open(dir, f.options())
	if err != nil {
		return err
	}
	l.FlushAt(20_000)
	l.SweepBy(many)
	w, err := l.Writer(ctx)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	module := w.PutBlob(chaintest.Module)
	for number := uint64(0); number < 6 && err == nil; number++ {
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
					acked(fmt.Sprint(r.Actor, " ", r.Number, " ", r.Hash))
				}
			}))
		}
		err = errors.Join(err, w.Flush(ctx))
	}
	return errors.Join(err, l.Close())
}

// eachFault runs f for what can fail or be cut off, before and after.
func eachFault(t *testing.T, f func(t *testing.T, at fault, v *victim)) {
	for name := range steps {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, done %v", name, after), func(t *testing.T) {
				v := &victim{dir: t.TempDir(), newest: map[chain.ID]acked{}, round: map[chain.ID]map[uint64]chain.Hash{}, share: 1}
				f(t, fault{step: name, after: after}, v)
				if len(v.newest) == 0 && name != "epoch" {
					t.Fatal("nothing was acknowledged")
				}
				v.check(t)
				v.goesOn(t)
			})
		}
	}
}

// TestNothingAcknowledgedIsLostByAFailureAtAnyStep holds guarantee 20.
func TestNothingAcknowledgedIsLostByAFailureAtAnyStep(t *testing.T) {
	eachFault(t, func(t *testing.T, at fault, v *victim) {
		injected := errors.New("the step fails")
		at.happen = func() error { return injected }
		if err := at.write(v.dir, v.note); !errors.Is(err, injected) {
			t.Fatalf("the log says %v", err)
		}
	})
}

// TestNothingAcknowledgedIsLostByAKillAtAnyStep holds guarantees 9, 11.
func TestNothingAcknowledgedIsLostByAKillAtAnyStep(t *testing.T) {
	eachFault(t, func(t *testing.T, at fault, v *victim) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprintf("BADGERLOG_TEST_FAULT=%s %v %s", at.step, at.after, v.dir))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		chaintest.Must(t, err)
		chaintest.Must(t, cmd.Start())
		for in := bufio.NewScanner(out); in.Scan(); {
			v.note(in.Text())
		}
		if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
			t.Fatalf("the child was not killed: %v", err)
		}
	})
}
func init() { children["BADGERLOG_TEST_FAULT"] = faulty }

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
	exitOn(f.write(dir, func(line string) {
		fmt.Fprintln(out, line)
		exitOn(out.Flush())
	}))
}

// goesOn has the log go on.
func (v *victim) goesOn(t *testing.T) {
	t.Helper()
	l := open(t, v.dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	var from uint64 = 1
	if s, err := l.Summary(t.Context(), chaintest.ID(1)); err == nil {
		from = s.Records
	} else {
		chaintest.Begin(t, w, chaintest.ID(1))
	}
	chaintest.Fill(t, w, chaintest.ID(1), from, from+3)
	chaintest.Must(t, l.Close())
	l = open(t, v.dir, badgerlog.Options{})
	verified(t, l, from+3)
	chaintest.Must(t, l.Close())
}
