package actors_test

import (
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestWhatATurnHadBroughtAboutBeforeItWasCutShortStaysSo(t *testing.T) {
	h := build(t)
	code := wasmtest.Guest{
		Untyped: true, Interfaces: append(interfaces(), newPorter().Interfaces()[0].Pact), Init: wasmtest.Keep(),
		HandleRequest: wasmtest.Echo(),
		Others: map[string]wasmtest.Behavior{
			"register": wasmtest.Do(message.Interface, "register", encode(pack.Unit), pass("g", wasmtest.Keep())),
		},
	}.Bytes()
	ref := h.grow(plan{id: "late", code: code})
	open := h.shut("/late g")
	called := make(chan error, 1)
	go func() { _, err := h.Call(t.Context(), ref, "test", "register", pack.Unit); called <- err }()
	h.eventually("it waits", func() bool { return h.waits("/late g") })
	h.eventually("it is on the log", func() bool { return len(of[*chain.Host](h.events(ref))) == 1 })
	log := h.crashed(nil)
	open(nil)
	if err := <-called; err != nil {
		t.Fatal(err)
	}
	for range 2 {
		h = rebuild(t, log)
		h.recover()
		h.answers(h.ref("/late"), "x", "x")
		h.close()
	}
}
