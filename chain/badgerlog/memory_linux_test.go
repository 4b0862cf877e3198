package badgerlog_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

const (
	// memoryLimit is the most memory of its own, in MiB, that a process may have that
	// writes millions of events.
	memoryLimit = 300

	// crowdLimit is that of one with 100,000 actors that all write all the time: half of
	// it is what the collector lets be garbage.
	crowdLimit = 800

	// reopenLimit is how long a processor may be at work to open what a process with
	// 10,000 actors leaves when it is killed: on a machine that does nothing else, that is
	// how long it takes.
	reopenLimit = 3 * time.Second
)

// TestALogOfMillionsOfEventsIsBoundedInMemoryAndQuicklyReopenedAfterAKill has 10
// million with -full, and then looks at the time too.
func TestALogOfMillionsOfEventsIsBoundedInMemoryAndQuicklyReopenedAfterAKill(t *testing.T) {
	events, actors := 150_000, 10_000
	if *full {
		events = 10_000_000
	}
	used := filledAndReopened(t, events/3, actors, memoryLimit)
	if *full && used > reopenLimit {
		t.Errorf("it took %v to open the folder", used)
	}
}

// TestManyActorsAtWorkAreBoundedInMemory has 100,000 with -full, whose newest ends are
// all in memory.
func TestManyActorsAtWorkAreBoundedInMemory(t *testing.T) {
	if *full {
		filledAndReopened(t, 4_000_000, 100_000, crowdLimit)
	} else {
		filledAndReopened(t, 40_000, 20_000, memoryLimit)
	}
}

// filledAndReopened is how long a processor was at work to open what is left of so many
// records.
func filledAndReopened(t *testing.T, records, actors, limit int) (used time.Duration) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "BADGERLOG_TEST_FILL="+dir, fmt.Sprintf("BADGERLOG_TEST_RECORDS=%d", records), fmt.Sprintf("BADGERLOG_TEST_ACTORS=%d", actors))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	chaintest.Must(t, err)
	chaintest.Must(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	chaintest.Must(t, cmd.Process.Kill())
	_ = cmd.Wait()
	chaintest.Must(t, err)
	var peak int
	var took int64
	_, err = fmt.Sscan(line, &peak, &took)
	chaintest.Must(t, err)

	begun, before := time.Now(), cpuTime(t)
	l := open(t, dir, badgerlog.Options{})
	reopened := time.Since(begun)
	used = time.Duration(cpuTime(t) - before)
	defer func() { chaintest.Must(t, l.Close()) }()
	t.Logf("%d records of %d actors in %v with %d MiB, reopened in %v, of which it computed %v", records, actors, time.Duration(took).Round(time.Millisecond), peak, reopened.Round(time.Millisecond), used.Round(time.Millisecond))
	var found int
	for s, err := range l.Actors(t.Context()) {
		chaintest.Must(t, err)
		found += int(s.Records)
	}
	if found != records {
		t.Errorf("%d records are there, not %d", found, records)
	}
	if peak > limit {
		t.Errorf("the process had %d MiB", peak)
	}
	return used
}

func init() { children["BADGERLOG_TEST_FILL"] = fill }

// fill writes as many records as it is told, prints the most memory that it had and
// how long that took, and waits to be killed.
func fill(dir string) {
	records, err := strconv.Atoi(os.Getenv("BADGERLOG_TEST_RECORDS"))
	exitOn(err)
	actors, err := strconv.Atoi(os.Getenv("BADGERLOG_TEST_ACTORS"))
	exitOn(err)
	l, err := badgerlog.Open(dir, badgerlog.Options{})
	exitOn(err)
	w, err := l.Writer(context.Background())
	exitOn(err)
	begun, peak := time.Now(), 0
	payload := make([]byte, 96)
	for n := range records {
		if n%64 == 0 {
			_, _ = rand.Read(payload)
		}
		rec := chaintest.Turn(chaintest.ID(n%actors), uint64(n/actors), 96)
		rec.Events[0].(*chain.Call).Params.Bytes = payload
		exitOn(w.Reserve(context.Background(), 4096))
		exitOn(w.Append(chaintest.Draft(rec), nil))
		w.Release(4096)
		if n%1000 == 0 {
			peak = max(peak, anonymous())
		}
	}
	exitOn(w.Flush(context.Background()))
	fmt.Println(max(peak, anonymous()), time.Since(begun).Nanoseconds())
	time.Sleep(time.Hour)
}
