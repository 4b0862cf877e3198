package api_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host/message"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

var (
	seenMu sync.Mutex
	// seenCodes are those that a test has got from a server.
	seenCodes = map[string]bool{}
)

func seen(code string) {
	seenMu.Lock()
	defer seenMu.Unlock()
	seenCodes[code] = true
}

// unseen are the codes that no test has got.
func unseen() []string {
	var left []string
	for code := range api.Statuses {
		if !seenCodes[code] {
			left = append(left, code)
		}
	}
	slices.Sort(left)
	return left
}

var documentedCode = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([a-z_]+) \\|")

func TestTheCodesAreThoseThatAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/api.md")
	check(t, err)
	documented := map[string]string{}
	for _, row := range documentedCode.FindAllStringSubmatch(string(page), -1) {
		documented[row[1]] = row[2]
	}
	have := map[string]string{}
	for code, status := range api.Statuses {
		have[code] = status.String()
	}
	if !maps.Equal(have, documented) {
		t.Errorf("the codes are\n%v\nand docs/api.md has\n%v", have, documented)
	}
}

func TestErrorsOfThePackagesBelowHaveTheirCodes(t *testing.T) {
	for _, c := range []struct {
		err  error
		code string
	}{
		{chain.ErrNoSpace, api.CodeNoSpace},
		{&actors.FailedError{Path: "/a", Err: chain.ErrNoSpace}, api.CodeNoSpace},
		{wasm.ErrNodeMemory, api.CodeNodeMemory},
		{chain.ErrCorrupt, api.CodeCorrupt},
		{actors.ErrBusy, api.CodeChanging},
		{actors.ErrRecovering, api.CodeRecovering},
		{actors.ErrLeft, api.CodeLeft},
		{actors.ErrClosed, api.CodeStopping},
		{chain.ErrClosed, api.CodeStopping},
		{wasm.ErrEngineClosed, api.CodeStopping},
		{actors.ErrNoChild, api.CodeEnded},
		{context.Canceled, api.CodeCancelled},
		{context.DeadlineExceeded, api.CodeDeadline},
		{errors.New("anything"), api.CodeInternal},
	} {
		if got := api.CodeOf(fmt.Errorf("a step: %w", c.err)); got != c.code {
			t.Errorf("%v has the code %s", c.err, got)
		}
		seen(c.code)
	}
	if got := api.CodeOfUnprepared(fs.ErrNotExist); got != api.CodeNoManifest {
		t.Errorf("a manifest that is not there has the code %s", got)
	}
}

const spins = "[limits]\nturn_time = \"10m\"\n"

func TestARefusedSpawnSaysWhy(t *testing.T) {
	s := open(t)
	path := func(p string) *theaterv1.SpawnRequest {
		return &theaterv1.SpawnRequest{Source: &theaterv1.SpawnRequest_Path{Path: p}}
	}
	named := func(name string) *theaterv1.SpawnRequest {
		r := path(s.folder("echo", echo(), grants))
		r.Name = name
		return r
	}
	withLiteral, withMisfit, withBytes := named(""), named(""), named("")
	withMisfit.State = &theaterv1.SpawnRequest_StateLiteral{StateLiteral: "some([300])"}
	withLiteral.State = &theaterv1.SpawnRequest_StateLiteral{StateLiteral: "nonsense("}
	withBytes.State = &theaterv1.SpawnRequest_StateEncoded{StateEncoded: []byte("nonsense")}
	for name, c := range map[string]struct {
		request     *theaterv1.SpawnRequest
		code, field string
	}{
		"nothing to spawn":       {&theaterv1.SpawnRequest{}, api.CodeInvalid, "path"},
		"no path":                {path(""), api.CodeInvalid, "path"},
		"a path of nothing":      {path("/nothing/here"), api.CodeNoManifest, "path"},
		"a bad manifest":         {path(s.folder("a/b", echo(), "")), api.CodeManifest, "path"},
		"no module":              {path(s.folder("a", []byte("no wasm"), "")), api.CodePackage, ""},
		"another kind of module": {path(s.folder("a", []byte("\x00asm\x01\x00\x00\x00"), "")), api.CodePackage, ""},
		"nothing granted":        {path(s.folder("a", echo(), "")), api.CodeNotGranted, ""},
		"another durability":     {path(s.folder("a", echo(), grants+"[chain]\ndurability = \"sync\"\n")), api.CodeDurability, ""},
		"an init that traps":     {path(s.folder("a", guest(wasmtest.Guest{Init: wasmtest.Trap()}), grants)), api.CodeInitFailed, ""},
		"an init that fails":     {path(s.folder("a", guest(wasmtest.Guest{Init: wasmtest.Fail("no")}), grants)), api.CodeInitFailed, ""},
		"a bad name":             {named("a/b"), api.CodeInvalid, "name"},
		"a bad literal":          {withLiteral, api.CodeInvalid, "stateLiteral"},
		"a state of bad bytes":   {withMisfit, api.CodeInvalid, "stateLiteral"},
		"a bad value":            {withBytes, api.CodeInvalid, "stateEncoded"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Actors.Spawn(s.ctx(), c.request)
			refuses(t, err, c.code, c.field)
		})
	}
	if live := s.node.System.List(); len(live) != 0 {
		t.Errorf("there are %v", live)
	}
}

func TestARefusedMessageSaysWhy(t *testing.T) {
	s := open(t)
	s.spawn("echo", echo(), "")
	s.spawn("silent", guest(wasmtest.Guest{Init: wasmtest.Keep()}), "")
	s.spawn("cancels", guest(wasmtest.Guest{Init: registers, HandleRequest: wasmtest.DoWithID(message.Interface, "cancel-request", wasmtest.Echo())}), "")
	request := func(target, body string) error {
		_, err := s.Messages.Request(s.ctx(), &theaterv1.RequestRequest{Target: target, Body: []byte(body)})
		return err
	}
	call := func(r *theaterv1.CallRequest) error {
		_, err := s.Messages.Call(s.ctx(), r)
		return err
	}
	refuses(t, request("", "a"), api.CodeInvalid, "target")
	refuses(t, request("/none", "a"), api.CodeNoActor, "target")
	refuses(t, request("/silent", "a"), api.CodeNoMessages, "")
	refuses(t, request("/cancels", "a"), api.CodeRequestCancelled, "")
	refuses(t, call(&theaterv1.CallRequest{Target: "/echo"}), api.CodeInvalid, "function")
	refuses(t, call(&theaterv1.CallRequest{Target: "/echo", Function: "no.thing"}), api.CodeNoExport, "function")
	refuses(t, call(&theaterv1.CallRequest{Target: "/echo", Function: wasmtest.HandleRequest, Parameters: &theaterv1.CallRequest_Literal{Literal: "("}}), api.CodeInvalid, "literal")
	refuses(t, call(&theaterv1.CallRequest{Target: "/echo", Function: "a", Parameters: &theaterv1.CallRequest_Encoded{Encoded: []byte("x")}}), api.CodeInvalid, "encoded")
	wrong := &theaterv1.CallRequest{Target: "/echo", Function: wasmtest.HandleRequest, Parameters: &theaterv1.CallRequest_Literal{Literal: `("1", 5u8)`}}
	if e := refuses(t, call(wrong), api.CodeInvalid, "literal"); !strings.Contains(e.Message, wasmtest.HandleRequest+" takes (id: string, msg: list<u8>): at 6: in msg: list<u8>: expected list<u8>, got 5u8") {
		t.Errorf("a call with other parameters than are declared says %q", e.Message)
	}
	check(t, call(&theaterv1.CallRequest{Target: "/echo", Function: wasmtest.HandleRequest, Parameters: &theaterv1.CallRequest_Literal{Literal: `("1", [104, 105])`}}))
	wrong.Parameters = &theaterv1.CallRequest_Encoded{Encoded: pack.MustEncode(pack.Unit)}
	refuses(t, call(wrong), api.CodeInvalid, "encoded")
	wrong.Parameters = nil
	refuses(t, call(wrong), api.CodeInvalid, "literal")
	if e := refuses(t, request("/echo", "?"), api.CodeGuestFailed, ""); !strings.Contains(e.Message, "it was asked to fail") {
		t.Errorf("a failure says %q", e.Message)
	}
}

func TestAFullMailboxSaysWhenToTryAgain(t *testing.T) {
	s := open(t)
	ref := s.spawn("echo", echo(), spins+"mailbox_messages = 1\n")
	send := func(body string) error {
		_, err := s.Messages.Send(s.ctx(), &theaterv1.SendRequest{Target: "/echo", Body: []byte(body)})
		return err
	}
	check(t, send("~"))
	s.eventually("it spins", func() bool {
		i, err := s.node.System.Inspect(ref)
		return err == nil && i.Mailbox == 0
	})
	check(t, send("waits"))
	if e := refuses(t, send("too many"), api.CodeMailboxFull, ""); e.Retry <= 0 {
		t.Errorf("it does not say when to try again: %v", e)
	}
	_, err := s.Actors.Kill(s.ctx(), &theaterv1.KillRequest{Target: "/echo"})
	check(t, err)
}

func TestWhoWaitsForAnActorThatEndsIsTold(t *testing.T) {
	s := open(t)
	ref := s.spawn("echo", echo(), spins)
	_, err := s.Messages.Send(s.ctx(), &theaterv1.SendRequest{Target: "/echo", Body: []byte("~")})
	check(t, err)
	told := make(chan error, 1)
	go func() {
		_, err := s.Messages.Request(s.ctx(), &theaterv1.RequestRequest{Target: "/echo", Body: []byte("a")})
		told <- err
	}()
	s.eventually("the request waits", func() bool {
		i, err := s.node.System.Inspect(ref)
		return err == nil && i.Mailbox == 1
	})
	short := []byte(`{"target":"/echo","timeout":"0.001s"}`)
	if a := s.post("/theater.v1.ActorService/Stop", string(short)); a.status != 200 {
		t.Errorf("a stop gives %d %s", a.status, a.body)
	}
	refuses(t, <-told, api.CodeEnded, "")
}

func TestWhatTheLogLacksIsNamed(t *testing.T) {
	s := open(t)
	ref := s.spawn("echo", echo(), "")
	other := s.spawn("other", echo(), "")
	event := func(id string, record uint64, index uint32) error {
		_, err := s.Chain.GetEvent(s.ctx(), &theaterv1.GetEventRequest{Event: &theaterv1.EventRef{Actor: id, Record: record, Index: index}})
		return err
	}
	chains := func(target string) error {
		_, err := s.Chain.GetChain(s.ctx(), &theaterv1.GetChainRequest{Target: target})
		return err
	}
	check(t, event(ref.ID.String(), 1, 1))
	refuses(t, event("x", 0, 0), api.CodeInvalid, "event.actor")
	refuses(t, event(ref.ID.String(), 99, 0), api.CodeNoEvent, "event.record")
	refuses(t, event(ref.ID.String(), 0, 9), api.CodeNoEvent, "event.index")
	refuses(t, event((chain.ID{1}).String(), 0, 9), api.CodeNoChain, "event.actor")
	refuses(t, chains("/none"), api.CodeNoChain, "target")
	refuses(t, chains(""), api.CodeInvalid, "target")
	if ref.ID.String()[:8] == other.ID.String()[:8] { // ids begin with the time
		refuses(t, chains(ref.ID.String()[:8]), api.CodeAmbiguous, "target")
	}
	blob, err := s.Chain.GetBlob(s.ctx(), &theaterv1.GetBlobRequest{Sha256: (chain.Hash{1}).String()})
	check(t, err)
	blob.Receive()
	refuses(t, blob.Err(), api.CodeNoBlob, "sha256")
}

func TestNobodyAnswersWhereThereIsNoNode(t *testing.T) {
	c := dial(t, api.DialConfig{Address: "unix:" + t.TempDir() + "/none"})
	_, err := c.Node.Health(context.Background(), &theaterv1.HealthRequest{})
	refuses(t, err, api.CodeUnreachable, "")
	if api.ErrorOf(nil) != nil {
		t.Error("no error is one")
	}
}

func TestOneWhoGivesUpKnowsIt(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(s.ctx())
	cancel()
	_, err := s.Node.Health(ctx, &theaterv1.HealthRequest{})
	refuses(t, err, api.CodeCancelled, "")
}
