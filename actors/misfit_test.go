package actors_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// ofText is a guest whose callbacks are declared to take a string for the body. It
// decodes nothing, so that it would handle a message well.
func ofText(t *testing.T) wasmtest.Guest {
	t.Helper()
	declared := pack.MustParsePact(`interface callbacks { exports {
		init: func(state: value) -> value
		handle-send: func(state: value, msg: string) -> value
		handle-request: func(state: value, id: string, msg: string) -> value
	} }`)
	var exports []pack.FunctionSig
	for _, name := range []string{wasmtest.Init, wasmtest.HandleSend, wasmtest.HandleRequest} {
		dot := strings.LastIndexByte(name, '.')
		f, _ := declared.Function(name[dot+1:])
		f.Interface = name[:dot]
		exports = append(exports, f)
	}
	var register pack.FunctionSig
	for _, i := range interfaces() {
		if i.Name == message.Interface {
			register, _ = i.Function("register")
		}
	}
	metadata, err := pack.NewMetadata([]pack.FunctionSig{register}, exports).Encode()
	check(t, err)
	return wasmtest.Guest{HandleRequest: wasmtest.Reply([]byte("handled")), Metadata: metadata}
}

func TestWhatAGuestCouldNotDecodeIsRefusedBeforeATurn(t *testing.T) {
	s := open(t)
	ref := s.spawn("actor", server(wasmtest.Echo()))
	before := s.info(ref).Turns
	for _, params := range []pack.Value{pack.Unit, pack.Tuple(pack.String("1"), pack.U8(5)), pack.String("x")} {
		var misfit *wasm.ParamsError
		_, err := s.Call(t.Context(), ref, "test", wasmtest.HandleRequest, params)
		if !errors.As(err, &misfit) || misfit.Export != wasmtest.HandleRequest || misfit.Takes != "(id: string, msg: list<u8>)" || !strings.HasPrefix(err.Error(), "actor /actor: ") {
			t.Errorf("a call with %v gives %v", params, err)
		}
	}
	s.answers(ref, "still here", "still here")
	if info := s.info(ref); info.Turns != before+1 || info.Failed != 0 || info.Restarts != 0 {
		t.Errorf("the actor has had %+v", info)
	}
	if _, err := s.Call(t.Context(), ref, "test", wasmtest.HandleRequest, pack.Tuple(pack.String("1"), pack.Bytes([]byte("x")))); err != nil {
		t.Errorf("a call of what it takes gives %v", err)
	}
}

func TestALiteralIsReadAsWhatTheActorDeclares(t *testing.T) {
	s := open(t)
	ref := s.spawn("actor", server(wasmtest.Echo()))
	params, err := s.ParseParams(ref, wasmtest.HandleRequest, `("1", [1, 2])`)
	if err != nil || !params.Equal(pack.Tuple(pack.String("1"), pack.Bytes([]byte{1, 2}))) {
		t.Errorf("the parameters are %v, %v", params, err)
	}
	var misfit *wasm.ParamsError
	if _, err := s.ParseParams(ref, wasmtest.HandleRequest, `("1", [300])`); !errors.As(err, &misfit) || !strings.HasPrefix(err.Error(), "actor /actor: ") {
		t.Errorf("a byte of 300 gives %v", err)
	}
	var missing *actors.NoExportError
	if _, err := s.ParseParams(ref, "no.thing", `()`); !errors.As(err, &missing) {
		t.Errorf("an export that is not there gives %v", err)
	}
	if info := s.info(ref); info.Turns != 1 {
		t.Errorf("the actor has had %+v", info)
	}
}

func TestAMessageFromOutsideIsRefusedWhereTheGuestDeclaresToTakeAnother(t *testing.T) {
	s := open(t)
	ref := s.spawn("actor", guest(ofText(t)))
	var misfit *wasm.ParamsError
	if _, err := s.request(ref, "x"); !errors.As(err, &misfit) || misfit.Takes != "(id: string, msg: string)" || misfit.Given != "(string, list<u8>)" {
		t.Errorf("a request gives %v", err)
	}
	if err := s.Send(ref, "test", []byte("x")); !errors.As(err, &misfit) || misfit.Export != wasmtest.HandleSend {
		t.Errorf("a send gives %v", err)
	}
	if info := s.info(ref); info.Turns != 1 {
		t.Errorf("the actor has had %+v", info)
	}
	sender := s.spawn("sender", puppet(wasmtest.Guest{}))
	if got, want := s.text(sender, "request", to(ref.Path, "x")...), "ok("+pack.Bytes([]byte("handled")).String()+")"; got != want {
		t.Errorf("another actor's request answers %s, want %s", got, want)
	}
}
