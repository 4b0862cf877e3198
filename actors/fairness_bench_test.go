package actors_test

import (
	"context"
	"fmt"
	goruntime "runtime"
	"runtime/metrics"
	"slices"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// BenchmarkFairness measures how others fare beside guests that never end, and
// how soon those end that are told to. It has one processor more than there are
// cores, as theater gives itself. Durations are in ms.
func BenchmarkFairness(b *testing.B) {
	defer goruntime.GOMAXPROCS(goruntime.GOMAXPROCS(goruntime.NumCPU() + 1))
	spinning := server(logs(beginning, wasmtest.Spin()))
	for does, behavior := range endless(beginning) {
		code := server(behavior)
		b.Run("kill of one that "+does, func(b *testing.B) { benchmarkKill(b, code) })
		if does != "calls the host" && does != "logs" { // their time stands still while the host works
			b.Run("time-out of one that "+does, func(b *testing.B) { benchmarkDeadline(b, code) })
		}
		b.Run("collection beside one that "+does, func(b *testing.B) { benchmarkCollection(b, 1, code) })
	}
	b.Run("collection beside 50 that spin", func(b *testing.B) { benchmarkCollection(b, spinners, spinning) })
	for _, size := range []uint32{64, 1024} {
		b.Run(fmt.Sprintf("collection beside one that fills %d MiB", size), func(b *testing.B) {
			benchmarkCollection(b, 1, server(logs(beginning, wasmtest.Fill(size<<20))), "memory = \"2GiB\"")
		})
	}
	b.Run("request beside 50 that spin", func(b *testing.B) {
		s := beside(b, spinners, spinning)
		echo := s.spawn("echo", server(wasmtest.Echo()))
		measure(b, func() { s.answers(echo, "x", "x") })
	})
	b.Run("list and inspect beside 50 that spin", func(b *testing.B) {
		s := beside(b, spinners, spinning)
		measure(b, func() {
			for _, info := range s.List() {
				_, err := s.Inspect(info.Ref)
				check(b, err)
			}
		})
	})
	b.Run("kill beside 50 that spin", func(b *testing.B) {
		s, begun := openBusy(b)
		for range spinners {
			s.busy(spinning, begun)
		}
		benchmarkKills(b, s, begun, spinning)
	})
}

// spinners is how many guests spin beside what is measured.
const spinners = 50

// forever lets a turn run as long and do as much as it likes.
const forever = unlimited + "fuel = 1_000_000_000_000_000\nturn_time = \"1h\"\n"

// beside opens a stage on which so many actors are busy.
func beside(b *testing.B, n int, code []byte, limits ...string) *stage {
	s, begun := openBusy(b)
	for range n {
		s.busy(code, begun, limits...)
	}
	return s
}

// openBusy opens a stage that keeps no lines and tells when a guest begins.
func openBusy(b *testing.B) (s *stage, begun chan struct{}) {
	begun = make(chan struct{}, 1)
	s = open(b, func(c *actors.Config) {
		c.Output = func(l actors.Line) {
			if l.Text == beginning {
				select {
				case begun <- struct{}{}:
				default: // nobody waits for it
				}
			}
		}
	})
	closed := s.close
	s.close = func() {
		for _, info := range s.List() { // none of them would end by itself
			_, _ = s.Kill(context.Background(), info.Ref)
		}
		closed()
	}
	b.Cleanup(s.close)
	return s, begun
}

// busy spawns an actor and asks it what it never answers.
func (s *stage) busy(code []byte, begun chan struct{}, limits ...string) actors.Ref {
	ref := s.spawn("busy", code, slices.Concat([]string{forever}, limits)...)
	go func() { _, _ = s.Request(context.Background(), ref, "test", nil) }()
	<-begun
	return ref
}

func benchmarkKill(b *testing.B, code []byte) {
	s, begun := openBusy(b)
	benchmarkKills(b, s, begun, code)
}

// benchmarkKills measures kills of actors that are spawned one after the other.
func benchmarkKills(b *testing.B, s *stage, begun chan struct{}, code []byte) {
	var all []time.Duration
	for range b.N {
		ref := s.busy(code, begun)
		began := time.Now()
		_, err := s.Kill(b.Context(), ref)
		check(b, err)
		all = append(all, time.Since(began))
	}
	report(b, all)
}

// benchmarkDeadline measures how much longer a turn takes than it may.
func benchmarkDeadline(b *testing.B, code []byte) {
	const limit = 20 * time.Millisecond
	s, _ := openBusy(b)
	var all []time.Duration
	for range b.N {
		ref := s.spawn("actor", code, unlimited+"fuel = 1_000_000_000_000_000\nturn_time = \""+limit.String()+"\"")
		began := time.Now()
		if _, err := s.request(ref, ""); err == nil {
			b.Fatal("it answers")
		}
		all = append(all, max(0, time.Since(began)-limit))
	}
	report(b, all)
}

// benchmarkCollection measures collections of garbage, and how long they wait for
// guests to stop.
func benchmarkCollection(b *testing.B, n int, code []byte, limits ...string) {
	goruntime.GC()
	began := time.Now()
	goruntime.GC()
	quiet := time.Since(began)
	s := beside(b, n, code, limits...)
	before := stops()
	measure(b, goruntime.GC)
	b.ReportMetric(ms(longest(before, stops())), "wait-max-ms")
	b.ReportMetric(ms(quiet), "quiet-ms")
	s.close()
}

// stops is the histogram of how long the world took to stop.
func stops() *metrics.Float64Histogram {
	sample := []metrics.Sample{{Name: "/sched/pauses/stopping/gc:seconds"}}
	metrics.Read(sample)
	return sample[0].Value.Float64Histogram()
}

// longest is the longest that came to a histogram, as far as it tells.
func longest(before, after *metrics.Float64Histogram) time.Duration {
	for i := len(after.Counts) - 1; i >= 0; i-- {
		if after.Counts[i] > before.Counts[i] {
			return time.Duration(after.Buckets[i] * float64(time.Second))
		}
	}
	return 0
}

// measure runs f again and again and reports how long it took.
func measure(b *testing.B, f func()) {
	var all []time.Duration
	for b.Loop() {
		began := time.Now()
		f()
		all = append(all, time.Since(began))
	}
	report(b, all)
}

func report(b *testing.B, all []time.Duration) {
	slices.Sort(all)
	b.ReportMetric(ms(all[len(all)/2]), "p50-ms")
	b.ReportMetric(ms(all[len(all)*99/100]), "p99-ms")
	b.ReportMetric(ms(all[len(all)-1]), "max-ms")
	b.ReportMetric(0, "ns/op")
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
