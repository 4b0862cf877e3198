package wasm_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestATurnSpendsTheSameEachTimeAndEndsWhereItsFuelDoes(t *testing.T) {
	e := openEngine(t)
	code := wasmtest.On(wasmtest.Burn(100_000, wasmtest.Reply(nil)))
	spend := func() int64 {
		m, h := start(t, e, code)
		if _, err := request(t, m, h, ""); err != nil {
			t.Fatal(err)
		}
		return m.Spent()
	}
	spent := spend()
	if again := spend(); again != spent || spent < 100_000 {
		t.Fatalf("the turn spends %d, then %d", spent, again)
	}
	module, err := e.Compile(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	run := func(fuel int64) (int64, error) {
		o := limits
		o.Fuel = fuel
		m, err := module.Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close(context.Background())
		h := &testHost{module: module, answer: ok}
		m.Attach(h)
		_, err = request(t, m, h, "")
		return m.Spent(), err
	}
	if _, err := run(spent); err != nil {
		t.Errorf("the fuel that it needs is not enough: %v", err)
	}
	for _, fuel := range []int64{1, 1000, spent / 2} {
		var trap *wasm.Trap
		first, err := run(fuel)
		if !errors.As(err, &trap) || trap.Kind != wasm.KindLimit || trap.Fuel != first || first <= fuel {
			t.Errorf("with %d it gives %v after %d", fuel, err, first)
		}
		if second, _ := run(fuel); second != first {
			t.Errorf("with %d it ends after %d, then after %d", fuel, first, second)
		}
	}
}

func TestWhileGuestsSpinOthersAreServedAndGarbageIsCollected(t *testing.T) {
	e := openEngine(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	o := limits
	o.TurnTime = time.Hour
	module, err := e.Compile(t.Context(), wasmtest.On(wasmtest.Spin()))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	const spinners = 10
	for range spinners {
		m, err := module.Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			defer m.Close(context.Background())
			h := &testHost{module: module, answer: ok}
			m.Attach(h)
			index, _ := module.Layout.Export(wasmtest.HandleRequest)
			m.Begin(firstTurn)
			_, err := m.Turn(ctx, index, encode(t, requestParams("")))
			ended <- err
		}()
	}
	m, h := start(t, e, wasmtest.Counter())
	for range 100 {
		if _, err := request(t, m, h, ""); err != nil {
			t.Error(err)
		}
	}
	runtime.GC()
	cancel(wasm.Trapf(wasm.KindKilled, "enough"))
	for range spinners {
		var trap *wasm.Trap
		if err := <-ended; !errors.As(err, &trap) || trap.Kind != wasm.KindKilled {
			t.Errorf("a spinner ends with %v", err)
		}
	}
}
