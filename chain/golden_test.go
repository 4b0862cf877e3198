package chain_test

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
)

var update = flag.Bool("update", false, "write the golden files")

// TestGoldenBytes holds the format: a change of these files is a change of
// every chain that was ever written.
func TestGoldenBytes(t *testing.T) {
	var out strings.Builder
	for _, events := range chaintest.Every() {
		for i, e := range events {
			b, err := chain.AppendEvents(nil, events[i:i+1])
			chaintest.Must(t, err)
			fmt.Fprintf(&out, "%s %s\n", chain.KindOf(e), hex.EncodeToString(b[1:]))
		}
	}
	golden(t, "testdata/events.golden", out.String())

	out.Reset()
	var prev chain.Hash
	var summary chain.Summary
	for i, events := range chaintest.Every() {
		r := chain.Record{Actor: chaintest.ID(9), Number: uint64(i), Epoch: 3, Events: events, Prev: prev}
		s, err := chain.Store(r)
		chaintest.Must(t, err)
		s.Hash = s.Sum(prev)
		r.Hash, prev = s.Hash, s.Hash
		summary.Apply(r)
		fmt.Fprintf(&out, "record %s\n", hex.EncodeToString(s.Append(nil)))
	}
	fmt.Fprintf(&out, "summary %s\n", hex.EncodeToString(summary.Append(nil)))
	golden(t, "testdata/records.golden", out.String())
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		chaintest.Must(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	chaintest.Must(t, err)
	if got != string(want) {
		t.Errorf("%s differs:\n%s", path, got)
	}
}
