package main

import (
	"slices"
	"testing"
	"time"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// BenchmarkRecovery shows how long a node needs to bring back 10,000 actors after
// kill -9, with the start of its process.
func BenchmarkRecovery(b *testing.B) {
	n := newCrowd(b)
	n.start(b)
	n.populate(b, 10_000)
	n.kill(b)
	for b.Loop() {
		n.start(b)
		b.StopTimer()
		n.kill(b)
		b.StartTimer()
	}
}

// BenchmarkNode shows how quick a node with 10,000 actors is to look into while 50
// guests spin: a whole theater ps, with the start of its process, and an
// inspection over the API.
func BenchmarkNode(b *testing.B) {
	n := newCrowd(b)
	n.start(b)
	defer n.kill(b)
	n.populate(b, 10_000)
	b.Run("ps", func(b *testing.B) { n.ps(b) })
	n.spin(b, 50)
	b.Run("ps beside 50 that spin", func(b *testing.B) { n.ps(b) })
	b.Run("ps --quiet beside 50 that spin", func(b *testing.B) { n.ps(b, "--quiet") })
	b.Run("inspect beside 50 that spin", func(b *testing.B) {
		percentile(b, func() error {
			_, err := n.client.Actors.Inspect(b.Context(), &theaterv1.InspectRequest{Target: "/echo-77"})
			return err
		})
	})
}

func (n *crowd) ps(b *testing.B, flags ...string) {
	b.Helper()
	args := append([]string{"ps", "--address", n.address()}, flags...)
	percentile(b, func() error { return n.theater(b.Context(), args...).Run() })
}

// percentile runs f and reports the time that 99 of 100 runs do not pass.
func percentile(b *testing.B, f func() error) {
	b.Helper()
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		if err := f(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-ms")
}
