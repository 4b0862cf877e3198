package bench

import (
	"context"
	_ "embed"

	"github.com/theater-go/theater/wasm/pack"
)

// qsort is the C guest of wasm/testdata/guests/c-qsort, a copy as echo is.
//
//go:embed qsort.wasm
var qsort []byte

var fuelRow = row{
	name: "fuel",
	doc:  "a C guest sorts and a Go guest loops, some 10 ms a turn, metered; baseline: the same, not rewritten, on bare wazero; the lower ratio of the two",
	parts: []row{
		{unit: "C sorts/s", open: func(ctx context.Context, _ settings) (*contest, error) {
			return openTurns(ctx, guest{name: "qsort", code: qsort}, exportInit, noParams)
		}},
		{unit: "Go loops/s", open: func(ctx context.Context, s settings) (*contest, error) {
			counter, err := s.gopher.guest(ctx)
			if err != nil {
				return nil, err
			}
			return openTurns(ctx, counter, exportSend, pack.AppendMessage(nil, "", ""))
		}},
	},
}
