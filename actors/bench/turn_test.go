package bench_test

import (
	"bytes"
	"testing"

	"github.com/theater-go/theater/actors/bench"
)

// BenchmarkTurn is one request through the System to the C guest and back: a
// whole recorded turn, its answer acknowledged by the log.
func BenchmarkTurn(b *testing.B) {
	for _, log := range []struct{ name, durability string }{{"memory", ""}, {"async", "async"}} {
		b.Run(log.name, func(b *testing.B) {
			ask, done, err := bench.OpenEcho(b.Context(), log.durability)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			body := bytes.Repeat([]byte("x"), 64)
			for b.Loop() {
				if answer, err := ask(body); err != nil || len(answer) != len(body) {
					b.Fatal(answer, err)
				}
			}
			if err := done(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
