package wasm_test

import (
	"testing"
	"time"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestGuestsThatSpinOfferTheirCoreWhileSomebodyIsThere(t *testing.T) {
	e := openEngine(t)
	offers := 0
	e.OnOffer(func() { offers++ })
	m, h := start(t, e, wasmtest.On(wasmtest.Burn(5_000_000, wasmtest.Reply(nil))))
	turn := func() {
		t.Helper()
		if _, err := request(t, m, h, ""); err != nil {
			t.Fatal(err)
		}
	}
	if turn(); offers != 0 {
		t.Errorf("nobody is there, and it has offered its core %d times", offers)
	}
	for begun := time.Now(); offers == 0 && time.Since(begun) < time.Minute; {
		e.Attend()
		turn()
	}
	if offers == 0 {
		t.Error("somebody is there, and it has not offered its core")
	}
	e.AttendAt(time.Now().Add(-wasm.Courteous))
	offers = 0
	if turn(); offers != 0 {
		t.Errorf("they are gone, and it has offered its core %d times", offers)
	}
}
