package badgerlog_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// childActors is how many actors the child appends to.
const childActors = 5

// child appends to the folder dir until it is killed, and prints what is
// acknowledged.
func child(dir string) {
	l, err := badgerlog.Open(dir, badgerlog.Options{})
	exitOn(err)
	w, err := l.Writer(context.Background())
	exitOn(err)
	out := bufio.NewWriter(os.Stdout)
	module := w.PutBlob(chaintest.Module)
	next := map[chain.ID]uint64{}
	for i := range childActors {
		if s, err := l.Summary(context.Background(), chaintest.ID(i)); err == nil {
			next[s.ID] = s.Records
		}
	}
	for n := 0; ; n++ {
		id := chaintest.ID(n % childActors)
		rec := chaintest.Turn(id, next[id], 100)
		if next[id] == 0 {
			rec = chaintest.Genesis(id, module)
		} else if n%50 == 0 {
			rec.Events[1].(*chain.Host).Output = chain.PutPayload(w, bytes.Repeat([]byte(fmt.Sprint(n, os.Getpid())), 2000))
		}
		next[id]++
		exitOn(w.Reserve(context.Background(), 4096))
		exitOn(w.Append(chaintest.Draft(rec), chaintest.Ack(func(r *chain.Stored, err error) {
			exitOn(err)
			fmt.Fprintln(out, n%childActors, r.Number, r.Hash)
			exitOn(out.Flush())
		})))
		w.Release(4096)
	}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestNothingAcknowledgedIsLostByAKill(t *testing.T) {
	for _, durability := range []string{badgerlog.Async, badgerlog.Sync} {
		t.Run(durability, func(t *testing.T) {
			dir := t.TempDir()
			chaintest.Must(t, open(t, dir, badgerlog.Options{Durability: durability}).Close())
			acked := map[chain.ID]map[uint64]chain.Hash{}
			for range 5 {
				killChild(t, dir, acked)
				check(t, dir, acked)
			}
		})
	}
}

// killChild runs a child, kills it after a random time and adds what it
// acknowledged to acked.
func killChild(t *testing.T, dir string, acked map[chain.ID]map[uint64]chain.Hash) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "BADGERLOG_TEST_CHILD="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	chaintest.Must(t, err)
	chaintest.Must(t, cmd.Start())
	first := bufio.NewReader(out)
	if _, err := first.Peek(1); err != nil {
		t.Fatal("the child acknowledged nothing")
	}
	time.AfterFunc(time.Duration(rand.IntN(300))*time.Millisecond, func() { _ = cmd.Process.Kill() })
	readAcked(first, acked)
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child was not killed")
	}
}

// readAcked adds what a child prints that it has acknowledged, until it ends.
func readAcked(out io.Reader, acked map[chain.ID]map[uint64]chain.Hash) {
	for in := bufio.NewScanner(out); in.Scan(); {
		var actor int
		var number uint64
		var text string
		if _, err := fmt.Sscan(in.Text(), &actor, &number, &text); err != nil {
			continue // cut short by the kill
		}
		hash, err := chain.ParseHash(text)
		if err != nil {
			continue
		}
		id := chaintest.ID(actor)
		if acked[id] == nil {
			acked[id] = map[uint64]chain.Hash{}
		}
		acked[id][number] = hash
	}
}

// check opens the folder and looks for everything that was acknowledged.
func check(t *testing.T, dir string, acked map[chain.ID]map[uint64]chain.Hash) {
	t.Helper()
	l := open(t, dir, badgerlog.Options{})
	defer func() { chaintest.Must(t, l.Close()) }()
	for id, want := range acked {
		_, err := chain.Verify(t.Context(), l, id)
		chaintest.Must(t, err)
		found := 0
		for _, rec := range chaintest.Records(t, l, id, 0) {
			if h, ok := want[rec.Number]; ok {
				found++
				if h != rec.Hash {
					t.Fatalf("actor %s record %d has another hash than was acknowledged", id, rec.Number)
				}
			}
		}
		if found != len(want) {
			t.Fatalf("actor %s: %d of %d acknowledged records are there", id, found, len(want))
		}
	}
}
