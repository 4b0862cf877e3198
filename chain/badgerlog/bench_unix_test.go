//go:build unix

package badgerlog_test

import (
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// counter counts what is acknowledged.
type counter struct{ acked, failed atomic.Int64 }

func (c *counter) Acknowledged(_ *chain.Stored, err error) {
	if c.acked.Add(1); err != nil {
		c.failed.Add(1)
	}
}

// BenchmarkTurns is what the chain costs an actor's turn: two goroutines each
// admit, encode and append the turns of many actors, of three events and about
// 350 bytes. Where the machine is shared, cpu-ns/record says more than the time.
func BenchmarkTurns(b *testing.B) {
	l := open(b, b.TempDir(), badgerlog.Options{})
	defer func() { chaintest.Must(b, l.Close()) }()
	w, err := l.Writer(b.Context())
	chaintest.Must(b, err)
	var acks counter
	const writers = 2
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime(b)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() { takeTurns(b, w, &acks, i*benchActors, b.N/writers) })
	}
	wg.Wait()
	chaintest.Must(b, w.Flush(b.Context()))
	b.ReportMetric(float64(cpuTime(b)-before)/float64(max(acks.acked.Load(), 1)), "cpu-ns/record")
	if acks.failed.Load() > 0 {
		b.Errorf("%d records were not kept", acks.failed.Load())
	}
}

func takeTurns(b *testing.B, w chain.Writer, acks *counter, first, n int) {
	const room = 4096
	records := turns(96)
	for i := range n {
		actor := chaintest.ID(first + i%benchActors)
		d := chain.NewDraft(actor, uint64(i/benchActors))
		if err := w.Reserve(b.Context(), room); err != nil {
			b.Error(err)
			return
		}
		for _, e := range records[i%benchActors].Events {
			d.Add(e)
		}
		if err := w.Append(d, acks); err != nil {
			b.Error(err)
			return
		}
		w.Release(room)
		if i%1000 == 999 { // as far as actors get ahead of their log
			if err := w.Flush(b.Context()); err != nil {
				b.Error(err)
				return
			}
		}
	}
}

// cpuTime is what the process has used of the processors, in nanoseconds.
func cpuTime(b testing.TB) int64 {
	var u syscall.Rusage
	chaintest.Must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u.Utime.Nano() + u.Stime.Nano()
}
