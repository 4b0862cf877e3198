package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/theater-go/theater/actors/bench"
	"github.com/theater-go/theater/chain"
)

var update = flag.Bool("update", false, "renew the copies of the guests")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheGuestsAreCopiesOfTheOriginals(t *testing.T) {
	for copied, original := range map[string]string{
		"echo.wasm":       "../../wasm/testdata/guests/c-echo/echo.wasm",
		"qsort.wasm":      "../../wasm/testdata/guests/c-qsort/qsort.wasm",
		"counter/main.go": "../../examples/counter/main.go",
	} {
		want, err := os.ReadFile(original)
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(copied, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, err := os.ReadFile(copied); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from %s (%v); renew it with go test ./actors/bench -update", copied, original, err)
		}
	}
}

func TestEachNameIsThereOnceAndDescribed(t *testing.T) {
	names := bench.Names()
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			t.Errorf("%s is there twice", name)
		}
		if d := bench.Describe(name); d == "" || strings.Contains(d, "\n") {
			t.Errorf("%s is described as %q, not in one line", name, d)
		}
	}
	for _, name := range []string{"codec", "pingpong-async", "pingpong-async-1", "turn-bare", "send-async", "send-burst-async", "recording", "fuel", "spawn", "restart", "restart-reset", "append-async", "append-sync", "turns-sync", "chain-verify"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is missing from %v", name, names)
		}
	}
	if d := bench.Describe("nothing"); d != "" {
		t.Errorf("a name that is not there is described as %q", d)
	}
}

func TestAnUnknownNameIsAnErrorThatListsTheNames(t *testing.T) {
	rows, err := bench.Run(t.Context(), []string{"codec", "codek"}, func(string) { t.Error("something was measured") })
	if !errors.Is(err, bench.ErrUnknown) || rows != nil {
		t.Fatalf("got %v, %v", rows, err)
	}
	for _, part := range append(bench.Names(), `"codek"`) {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not name %s", err, part)
		}
	}
}

// alone is the row without a baseline.
const alone = "send-burst-async"

func TestEveryRowMeasuresBothSidesAndLeavesNothingBehind(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	rows, err := bench.RunSmall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.Name)
		if r.Name == alone && r.Value > 0 && r.Unit != "" && r.Baseline == nil && r.Ratio == nil {
			continue
		}
		if r.Value <= 0 || r.Unit == "" || r.Baseline == nil || *r.Baseline <= 0 || r.Ratio == nil {
			t.Errorf("%+v", r)
			continue
		}
		if want := r.Value / *r.Baseline; math.Abs(*r.Ratio-want) > want*1e-9 {
			t.Errorf("%s: ratio %v of %v and %v", r.Name, *r.Ratio, r.Value, *r.Baseline)
		}
	}
	if !slices.Equal(names, bench.Names()) {
		t.Errorf("measured %v, not %v", names, bench.Names())
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestOfARowOfPartsTheLowestRatioCounts(t *testing.T) {
	fast, slow := func(n int) int { return 1_000_000 * n }, func(n int) int { return n }
	tidy := func() {}
	for _, parts := range [][]bench.Part{
		{{"fast", fast, slow, nil, 1, tidy}, {"slow", slow, fast, nil, 1, tidy}},
		{{"slow", slow, fast, nil, 1, tidy}, {"fast", fast, slow, nil, 1, tidy}},
	} {
		row, err := bench.Measure(t.Context(), "both", parts...)
		if err != nil || row.Name != "both" || row.Unit != "slow" || *row.Ratio >= 1 {
			t.Errorf("got %+v, %v", row, err)
		}
	}
}

func TestOfSeveralBaselinesTheFastestCounts(t *testing.T) {
	fast, slow := func(n int) int { return 1_000_000 * n }, func(n int) int { return n }
	tidy := func() {}
	for _, part := range []bench.Part{{"unit", slow, slow, fast, 1, tidy}, {"unit", slow, fast, slow, 1, tidy}} {
		row, err := bench.Measure(t.Context(), "row", part)
		if err != nil || *row.Ratio >= 1 || *row.Baseline < 1000*row.Value {
			t.Errorf("got %+v, %v", row, err)
		}
	}
}

func TestARoundHasNoMoreOperationsThanMayBeAndIsTidiedUp(t *testing.T) {
	const most = 3
	rounds, tidied := 0, 0
	side := func(n int) int {
		if n > most {
			t.Errorf("a round of %d", n)
		}
		rounds++
		return n
	}
	row, err := bench.Measure(t.Context(), "bounded", bench.Part{Unit: "u", Ours: side, Baseline: side, Most: most, Tidy: func() { tidied++ }})
	if err != nil || row.Value <= 0 {
		t.Errorf("got %+v, %v", row, err)
	}
	if rounds == 0 || tidied != rounds {
		t.Errorf("tidied up %d times after %d rounds", tidied, rounds)
	}
}

func TestTheMedianIsTheMiddle(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{3}, 3},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 100, 2}, 3},
	} {
		if got := bench.Median(c.values...); got != c.want {
			t.Errorf("of %v: %v, not %v", c.values, got, c.want)
		}
	}
}

func TestANameGivenTwiceIsMeasuredOnce(t *testing.T) {
	rows, err := bench.RunSmall(t.Context(), "codec", "codec")
	if err != nil || len(rows) != 1 {
		t.Errorf("got %v, %v", rows, err)
	}
}

func TestWithoutAGoCommandTheRowsThatNeedItAreLeftOutAndSaySo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	need := []string{"recording", "fuel"}
	var told []string
	rows, err := bench.RunSmallTelling(t.Context(), func(words string) { told = append(told, words) })
	if err != nil || len(rows) != len(bench.Names())-len(need) {
		t.Errorf("measured %v, %v", rows, err)
	}
	for _, name := range need {
		if slices.ContainsFunc(rows, func(r bench.Row) bool { return r.Name == name }) {
			t.Errorf("%s is measured", name)
		}
		if !slices.ContainsFunc(told, func(words string) bool { return strings.HasPrefix(words, name+" is left out: ") }) {
			t.Errorf("%s is not said to be left out: %q", name, told)
		}
		if rows, err := bench.RunSmall(t.Context(), name); !errors.Is(err, exec.ErrNotFound) || rows != nil {
			t.Errorf("%s by name gives %v, %v", name, rows, err)
		}
	}
}

func TestWhatRestartResetMeasuresIsOnTheChains(t *testing.T) {
	const machines, each = 3, 5
	restarts, reports, err := bench.VerifyRestarts(t.Context(), machines, machines*each)
	if err != nil || restarts != machines*each || len(reports) != machines {
		t.Fatalf("%d restarts, %v, %v", restarts, reports, err)
	}
	for _, r := range reports {
		// Genesis with the first init; then the trap, and the restart with its init.
		if want := (chain.Report{Records: 1 + 2*each, Events: 5 + each*(2+5)}); r != want {
			t.Errorf("a chain has %+v, not %+v", r, want)
		}
	}
}

func TestWhatRestartMeasuresIsOnTheChains(t *testing.T) {
	const children, each = 3, 5
	restarts, reports, err := bench.VerifyCrashes(t.Context(), children, children*each)
	if err != nil || restarts != children*each || len(reports) != children {
		t.Fatalf("%d restarts, %v, %v", restarts, reports, err)
	}
	for _, r := range reports {
		// Genesis, the first init, then the trap, the restart, and its init.
		if want := (chain.Report{Records: 2 + 3*each, Events: 5 + each*(2+1+4)}); r != want {
			t.Errorf("a chain has %+v, not %+v", r, want)
		}
	}
}

func TestTheBaselineSegmentFileHoldsWhatWasWrittenToIt(t *testing.T) {
	report, damaged, err := bench.VerifySegment(t.Context(), 90)
	if want := (chain.Report{Records: 30, Events: 91}); err != nil || report != want {
		t.Errorf("a segment has %+v, not %+v (%v)", report, want, err)
	}
	if !errors.Is(damaged, chain.ErrCorrupt) {
		t.Errorf("a damaged segment: %v", damaged)
	}
}

func TestOTPRestartsAsManyProcessesAsItSays(t *testing.T) {
	for _, n := range []int{1, 3, 30} {
		switch restarts, err := bench.OTPRestarts(t.Context(), 3, n); {
		case errors.Is(err, exec.ErrNotFound):
			t.Skip("there is no erl")
		case err != nil || restarts != max(n, 3):
			t.Errorf("asked for %d restarts: %d, %v", n, restarts, err)
		}
	}
}

func TestAContextThatEndsEndsTheRun(t *testing.T) {
	gone := errors.New("gone")
	for _, name := range bench.Names() {
		ctx, cancel := context.WithCancelCause(t.Context())
		_, err := bench.Run(ctx, []string{name}, func(string) { cancel(gone) })
		if !errors.Is(err, gone) && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARowHasExactlyTheKeysOfTheFormat(t *testing.T) {
	one := 1.0
	for name, c := range map[string]struct {
		row  bench.Row
		want string
	}{
		"with a baseline":    {bench.Row{Name: "n", Value: 1, Unit: "u", Baseline: &one, Ratio: &one}, `{"name":"n","value":1,"unit":"u","baseline":1,"ratio":1}`},
		"without a baseline": {bench.Row{Name: "n", Value: 1, Unit: "u"}, `{"name":"n","value":1,"unit":"u","baseline":null,"ratio":null}`},
	} {
		got, err := json.Marshal(c.row)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
		var keys map[string]any
		if err := json.Unmarshal(got, &keys); err != nil {
			t.Fatal(err)
		}
		if want := []string{"baseline", "name", "ratio", "unit", "value"}; !slices.Equal(slices.Sorted(maps.Keys(keys)), want) {
			t.Errorf("%s: keys %v", name, slices.Sorted(maps.Keys(keys)))
		}
	}
}
