//go:build unix

package badgerlog_test

import (
	"fmt"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

func BenchmarkTrickle(b *testing.B) {
	for _, n := range []int{1, 8, 32, 128} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			l := open(b, b.TempDir(), badgerlog.Options{})
			defer func() { chaintest.Must(b, l.Close()) }()
			w, err := l.Writer(b.Context())
			chaintest.Must(b, err)
			rec := turns()[0]
			before := cpuTime(b)
			for i := range b.N {
				d := chain.NewDraft(rec.Actor, uint64(i))
				for _, e := range rec.Events {
					d.Add(e)
				}
				chaintest.Must(b, w.Append(d, nil))
				if i%n == n-1 {
					chaintest.Must(b, w.Flush(b.Context()))
				}
			}
			chaintest.Must(b, w.Flush(b.Context()))
			b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N)*float64(n), "cpu-ns/group")
		})
	}
}
