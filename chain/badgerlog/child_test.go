package badgerlog_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

const (
	// childActors is how many actors the child appends to when it begins; one more
	// comes with every childTurns records.
	childActors = 5
	childTurns  = 200

	// childWindow is how many records wait for their acknowledgement at most.
	childWindow = 256
)

func init() {
	children["BADGERLOG_TEST_CHILD"] = func(dir string) {
		pause, err := time.ParseDuration(os.Getenv("BADGERLOG_TEST_PAUSE"))
		exitOn(err)
		child(dir, pause)
	}
}

// child works in the folder until it is killed: it appends to chains, old and new,
// reads some of them, tails the log, and prints what is acknowledged. With a pause it takes one
// after each hundred records, and prints what memory it has.
func child(dir string, pause time.Duration) {
	l, err := badgerlog.Open(dir, shortFiles(badgerlog.Options{}))
	exitOn(err)
	l.FlushAt(100_000)
	l.SweepBy(2)
	w, err := l.Writer(context.Background())
	exitOn(err)
	c := &worker{log: l, w: w, out: bufio.NewWriter(os.Stdout), next: map[chain.ID]uint64{}, window: make(chan struct{}, childWindow)}
	c.module = w.PutBlob(chaintest.Module)
	for s, err := range l.Actors(context.Background()) {
		exitOn(err)
		c.next[s.ID] = s.Records
	}
	go tail(l.Tail(context.Background()))
	known := len(c.next)
	for n := 0; ; n++ {
		c.append(chaintest.ID(rand.IntN(childActors+known+n/childTurns)), n)
		if n%100 == 99 {
			c.read(chaintest.ID(rand.IntN(childActors)))
			if pause > 0 {
				fmt.Fprintln(os.Stderr, "anon", anonymous())
				time.Sleep(pause)
			}
		}
	}
}

// shortFiles has the files of the database be so small that some end in a child's life.
func shortFiles(opts badgerlog.Options) badgerlog.Options {
	return badgerlog.Scaled(opts, 1<<20, 2<<20)
}

// worker is what the child has.
type worker struct {
	log    *badgerlog.Log
	w      chain.Writer
	out    *bufio.Writer // the committer's
	module chain.Hash
	next   map[chain.ID]uint64
	window chan struct{}
}

func (c *worker) append(id chain.ID, n int) {
	rec := chaintest.Turn(id, c.next[id], 100)
	if c.next[id] == 0 {
		rec = chaintest.Genesis(id, c.module)
	} else if n%50 == 0 {
		rec.Events[1].(*chain.Host).Output = chain.PutPayload(c.w, bytes.Repeat([]byte(fmt.Sprint(n, os.Getpid())), 2000))
	}
	c.next[id]++
	c.window <- struct{}{}
	exitOn(c.w.Reserve(context.Background(), 4096))
	exitOn(c.w.Append(chaintest.Draft(rec), chaintest.Ack(func(r *chain.Stored, err error) {
		exitOn(err)
		fmt.Fprintln(c.out, r.Actor, r.Number, r.Hash)
		exitOn(c.out.Flush())
		<-c.window
	})))
	c.w.Release(4096)
	if n%17 == 0 {
		c.w.Hurry()
	}
}

// read verifies the end of a chain while it is written.
func (c *worker) read(id chain.ID) {
	s, err := c.log.Summary(context.Background(), id)
	if err != nil || s.Records == 0 {
		return // nothing is acknowledged of it
	}
	var last chain.Hash
	for rec, err := range c.log.Records(context.Background(), id, max(s.Records, 50)-50) {
		exitOn(err)
		if !last.IsZero() && rec.Prev != last {
			exitOn(fmt.Errorf("actor %s record %d does not follow the one before", id, rec.Number))
		}
		last = rec.Hash
	}
}

// tail goes along the log: it sees every record of an actor after the first, once.
func tail(lots iter.Seq2[chain.Lot, error]) {
	next := map[chain.ID]uint64{}
	for lot, err := range lots {
		exitOn(err)
		for _, r := range lot.Records {
			if want, ok := next[r.Actor]; ok && r.Number != want {
				exitOn(fmt.Errorf("the tail has record %d of actor %s, not %d", r.Number, r.Actor, want))
			}
			next[r.Actor] = r.Number + 1
		}
	}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// victim is a folder in which children are killed, and what they have acknowledged.
type victim struct {
	dir    string
	newest map[chain.ID]acked   // ever
	share  float64              // of the checks that verify the whole log
	signed badgerlog.Checkpoint // that the last of them has held it against
	round  map[chain.ID]map[uint64]chain.Hash
	pause  time.Duration     // of the child
	told   func(line string) // what the child writes to standard error; nil shows it
}

type acked struct {
	number uint64
	hash   chain.Hash
}

func newVictim(t *testing.T, durability string) *victim {
	v := &victim{dir: t.TempDir(), newest: map[chain.ID]acked{}, share: 1}
	v.close(t, open(t, v.dir, shortFiles(badgerlog.Options{Durability: durability})))
	return v
}

// kill starts a child and kills it after a time: from its start on, or from its first
// acknowledgement on.
func (v *victim) kill(t *testing.T, after time.Duration, fromStart bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "BADGERLOG_TEST_CHILD="+v.dir, "BADGERLOG_TEST_PAUSE="+v.pause.String())
	out, err := cmd.StdoutPipe()
	chaintest.Must(t, err)
	cmd.Stderr = os.Stderr
	if v.told != nil {
		cmd.Stderr = lines{v.told}
	}
	forks.Lock()
	err = cmd.Start()
	forks.Unlock()
	chaintest.Must(t, err)
	var deadline *time.Timer
	aim := func() { deadline = time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) }
	if fromStart {
		aim()
	}
	v.round = map[chain.ID]map[uint64]chain.Hash{}
	for in := bufio.NewScanner(out); in.Scan(); {
		if deadline == nil {
			aim()
		}
		v.note(in.Text())
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("the child was not killed: %v", err)
	}
}

// note takes one line of the child, which may be cut short.
func (v *victim) note(line string) {
	var actor, sum string
	var number uint64
	if _, err := fmt.Sscan(line, &actor, &number, &sum); err != nil {
		return
	}
	id, err := chain.ParseID(actor)
	hash, wrong := chain.ParseHash(sum)
	if err != nil || wrong != nil {
		return
	}
	if v.round[id] == nil {
		v.round[id] = map[uint64]chain.Hash{}
	}
	v.round[id][number] = hash
	v.newest[id] = acked{number, hash}
}

// check opens the folder, verifies all of it, or not each time, and looks for
// everything that was acknowledged: one by one what the last child was, and of the others the newest,
// which stands for what it links to.
func (v *victim) check(t *testing.T) {
	t.Helper()
	l := open(t, v.dir, shortFiles(badgerlog.Options{}))
	defer v.close(t, l)
	if rand.Float64() < v.share {
		v.verify(t, l)
	}
	for id, want := range v.newest {
		from, left := want.number, len(v.round[id])
		for number := range v.round[id] {
			from = min(from, number)
		}
		for rec, err := range l.Records(t.Context(), id, from) {
			chaintest.Must(t, err)
			hash, ok := v.round[id][rec.Number]
			if ok {
				left--
			}
			if ok && hash != rec.Hash || rec.Number == want.number && rec.Hash != want.hash {
				t.Fatalf("actor %s record %d has another hash than was acknowledged", id, rec.Number)
			}
		}
		if s, err := l.Summary(t.Context(), id); err != nil || left > 0 || s.Records <= want.number {
			t.Fatalf("actor %s has %d records (%v): %d that were acknowledged are lost, or record %d is", id, s.Records, err, left, want.number)
		}
	}
}

// verify holds the log against its checkpoint, and every chain against its rules.
func (v *victim) verify(t *testing.T, l *badgerlog.Log) {
	t.Helper()
	report, err := l.Verify(t.Context(), badgerlog.VerifyOptions{})
	chaintest.Must(t, err)
	for _, d := range report.Damage {
		t.Error(d.Err)
	}
	v.signed = report.Checkpoint
}

// forks is held while a child is begun and while a folder is closed: a child that is
// not yet itself has its parent's files open, and with them the lock of a folder.
var forks sync.Mutex

func (v *victim) close(t *testing.T, l *badgerlog.Log) {
	t.Helper()
	forks.Lock()
	defer forks.Unlock()
	chaintest.Must(t, l.Close())
}

// lines hands each line that is written to a function.
type lines struct{ told func(string) }

func (l lines) Write(b []byte) (int, error) {
	for line := range bytes.Lines(b) {
		l.told(string(bytes.TrimSpace(line)))
	}
	return len(b), nil
}
