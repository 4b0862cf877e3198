package bench

import (
	"context"
	"testing"
)

// BenchmarkRow runs our side of a row of the table alone, for a profile of it:
//
//	go test ./actors/bench -bench 'Row/pingpong-async$' -cpuprofile cpu.out
func BenchmarkRow(b *testing.B) {
	s := defaultSettings
	s.gopher = &gopher{}
	defer func() {
		if err := s.gopher.close(); err != nil {
			b.Error(err)
		}
	}()
	for _, r := range table() {
		for _, part := range append(r.parts, r) {
			if part.open != nil {
				b.Run(r.name, func(b *testing.B) { part.benchmark(b, s) })
			}
		}
	}
}

func (r row) benchmark(b *testing.B, s settings) {
	c, err := r.open(b.Context(), s)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; {
		n := b.N - done
		if c.most > 0 {
			n = min(n, c.most)
		}
		did, err := c.ours(b.Context(), n)
		if err == nil && c.tidy != nil {
			b.StopTimer()
			err = c.tidy(b.Context())
			b.StartTimer()
		}
		if err != nil {
			b.Fatal(err)
		}
		done += did
	}
	b.StopTimer()
	if err := c.close(context.WithoutCancel(b.Context())); err != nil {
		b.Fatal(err)
	}
}
