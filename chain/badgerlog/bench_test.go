package badgerlog_test

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// benchActors is how many actors take turns in a benchmark.
const benchActors = 100

// turns makes one turn for each actor, of three payloads of size bytes; that of
// the call does not compress.
func turns(size int) []chain.Record {
	records := make([]chain.Record, benchActors)
	for i := range records {
		records[i] = chaintest.Turn(chaintest.ID(i), 0, size)
		body := make([]byte, size)
		_, _ = rand.Read(body)
		records[i].Events[0].(*chain.Call).Params.Bytes = body
	}
	return records
}

// benchAppend appends while so many tail the log.
func benchAppend(b *testing.B, durability string, tails int) {
	l := open(b, b.TempDir(), badgerlog.Options{Durability: durability})
	defer func() { chaintest.Must(b, l.Close()) }()
	w, err := l.Writer(b.Context())
	chaintest.Must(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	var tailed sync.WaitGroup
	for range tails {
		tail := l.Tail(ctx)
		tailed.Go(func() {
			for range tail {
			}
		})
	}
	records := turns(64)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		rec := records[n%benchActors]
		rec.Number = uint64(n / benchActors)
		chaintest.Must(b, w.Reserve(b.Context(), 400))
		chaintest.Must(b, w.Append(chaintest.Draft(rec), nil))
		w.Release(400)
	}
	chaintest.Must(b, w.Flush(b.Context()))
	cancel()
	tailed.Wait()
}

func BenchmarkAppendAsync(b *testing.B)  { benchAppend(b, badgerlog.Async, 0) }
func BenchmarkAppendSync(b *testing.B)   { benchAppend(b, badgerlog.Sync, 0) }
func BenchmarkAppendTailed(b *testing.B) { benchAppend(b, badgerlog.Async, 10) }

// BenchmarkAcknowledge is one record after the other, each acknowledged first.
func BenchmarkAcknowledge(b *testing.B) {
	l := open(b, b.TempDir(), badgerlog.Options{})
	defer func() { chaintest.Must(b, l.Close()) }()
	w, err := l.Writer(b.Context())
	chaintest.Must(b, err)
	rec := turns(64)[0]
	acked := make(chan error, 1)
	for b.Loop() {
		chaintest.Must(b, w.Append(chaintest.Draft(rec), chaintest.AckTo(acked)))
		w.Hurry()
		chaintest.Must(b, <-acked)
		rec.Number++
	}
}

// filled is a log of one actor with a chain of n records, or of many with as
// many in all.
func filled(b *testing.B, actors, n int) *badgerlog.Log {
	l := open(b, b.TempDir(), badgerlog.Options{})
	w, err := l.Writer(b.Context())
	chaintest.Must(b, err)
	for i := range actors {
		chaintest.Begin(b, w, chaintest.ID(i))
	}
	for i := actors; i < n; i++ {
		chaintest.Must(b, w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(i%actors), uint64(i/actors), 64)), nil))
	}
	chaintest.Must(b, w.Close())
	b.Cleanup(func() { chaintest.Must(b, l.Close()) })
	return l
}

func BenchmarkRead(b *testing.B) {
	l := filled(b, 1, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range l.Records(b.Context(), chaintest.ID(0), 0) {
			chaintest.Must(b, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*10_000), "ns/record")
}

func BenchmarkReadInterleaved(b *testing.B) {
	l := filled(b, 1000, 30_000)
	for b.Loop() {
		for _, err := range l.Records(b.Context(), chaintest.ID(500), 0) {
			chaintest.Must(b, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*30), "ns/record")
}

func BenchmarkVerify(b *testing.B) {
	l := filled(b, 1, 10_000)
	for b.Loop() {
		_, err := chain.Verify(b.Context(), l, chaintest.ID(0))
		chaintest.Must(b, err)
	}
	b.ReportMetric(float64(b.N)*30_000/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkActors(b *testing.B) {
	l := filled(b, 20_000, 20_000)
	for b.Loop() {
		for _, err := range l.Actors(b.Context()) {
			chaintest.Must(b, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*20_000), "ns/actor")
}

// BenchmarkVerifyLog verifies whole logs: one long chain, and many that are mixed.
func BenchmarkVerifyLog(b *testing.B) {
	for name, actors := range map[string]int{"one": 1, "many": 1000} {
		b.Run(name, func(b *testing.B) {
			l := filled(b, actors, 100_000)
			var events uint64
			for b.Loop() {
				report, err := l.Verify(b.Context(), badgerlog.VerifyOptions{})
				chaintest.Must(b, err)
				if len(report.Damage) > 0 {
					b.Fatal(report.Damage[0].Err)
				}
				events += report.Events
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
