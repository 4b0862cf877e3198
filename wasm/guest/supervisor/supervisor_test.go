package supervisor_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	hostsupervisor "github.com/theater-go/theater/host/supervisor"
	"github.com/theater-go/theater/wasm/guest/guesttest"
	"github.com/theater-go/theater/wasm/guest/internal/abi"
	"github.com/theater-go/theater/wasm/guest/message"
	"github.com/theater-go/theater/wasm/guest/supervisor"
	"github.com/theater-go/theater/wasm/pack"
)

// nursery is the state of the actor under test, which does with its children
// what a message says.
type nursery struct{ Seen []string }

// toy is the state of a child.
type toy struct {
	Name string
	Size uint32
}

func (n *nursery) see(format string, args ...any) {
	n.Seen = append(n.Seen, fmt.Sprintf(format, args...))
}

// send takes "verb argument".
func (n *nursery) send(body []byte) error {
	verb, argument, _ := strings.Cut(string(body), " ")
	switch verb {
	case "restart":
		return supervisor.Restart(argument)
	case "stop":
		return supervisor.Stop(argument)
	case "follow":
		return supervisor.Subscribe(argument)
	case "follow-and-fail":
		return errors.Join(supervisor.Subscribe(argument), errors.New("changed my mind"))
	case "leave":
		return supervisor.Unsubscribe(argument)
	case "list":
		children, err := supervisor.Children()
		n.Seen = children
		return err
	case "look":
		var t toy
		err := supervisor.State(argument, &t)
		n.see("%+v", t)
		return err
	}
	return n.spawn(verb, argument)
}

func (n *nursery) spawn(verb, manifest string) (err error) {
	state, code := supervisor.WithState(toy{"bear", 3}), supervisor.WithPackage([]byte("code"))
	var child string
	var data []byte
	switch verb {
	case "spawn":
		child, err = supervisor.Spawn(manifest)
	case "spawn-with":
		child, err = supervisor.Spawn(manifest, state, code)
	case "spawn-badly":
		child, err = supervisor.Spawn(manifest, supervisor.WithState(make(chan int)))
	case "resume":
		child, err = supervisor.Resume(manifest)
	case "resume-with":
		child, err = supervisor.Resume(manifest, state, code)
	case "wait":
		data, err = supervisor.SpawnAndWait(manifest, 0, state)
	case "wait-a-while":
		data, err = supervisor.SpawnAndWait(manifest, 1500*time.Microsecond)
	}
	n.see("%s %q %t", child, data, data == nil)
	return err
}

func (n *nursery) failed(child string, e supervisor.ChildError) error {
	n.see("%s failed: %v", child, e)
	return nil
}

func (n *nursery) exited(child string, data []byte) error {
	n.see("%s exited: %q %t", child, data, data == nil)
	return nil
}

func (n *nursery) stopped(child string) error {
	n.see("%s stopped", child)
	return nil
}

func (n *nursery) event(child string, e supervisor.Event) error {
	n.see("%s: %s %q %d", child, e.Type, e.Data, e.Missing())
	if e.Type == "genesis" {
		return errors.New("I had rather not")
	}
	return nil
}

func init() {
	message.HandleSend((*nursery).send)
	supervisor.HandleChildError((*nursery).failed)
	supervisor.HandleChildExit((*nursery).exited)
	supervisor.HandleChildExternalStop((*nursery).stopped)
	supervisor.HandleChildEvent((*nursery).event)
}

// with is an actor that has one child.
func with(t *testing.T) *guesttest.Actor {
	t.Helper()
	actor := guesttest.Start(t, "")
	if err := actor.Send("spawn-with teddy.toml"); err != nil {
		t.Fatal(err)
	}
	return actor
}

// last is what the actor saw last.
func last(actor *guesttest.Actor) string {
	var n nursery
	if actor.State(&n); len(n.Seen) == 0 {
		return ""
	}
	return n.Seen[len(n.Seen)-1]
}

func TestAChildIsSpawned(t *testing.T) {
	actor := guesttest.Start(t, "")
	if err := errors.Join(actor.Send("spawn teddy.toml"), actor.Send("spawn-with dolls/anna.toml")); err != nil {
		t.Fatal(err)
	}
	if len(actor.Children) != 2 {
		t.Fatalf("children: %d", len(actor.Children))
	}
	plain, equipped := actor.Children[0], actor.Children[1]
	if _, given, _ := plain.State.Option(); plain.Manifest != "teddy.toml" || plain.Resumed || given || plain.Package != nil {
		t.Errorf("the first is %+v", plain)
	}
	var state toy
	if err := pack.Unmarshal(equipped.State, &state); err != nil || state != (toy{"bear", 3}) {
		t.Errorf("the state of the second is %+v, %v", state, err)
	}
	if equipped.Manifest != "dolls/anna.toml" || string(equipped.Package) != "code" {
		t.Errorf("the second is %+v", equipped)
	}
	if want := equipped.ID + ` "" true`; last(actor) != want {
		t.Errorf("it saw %s, want %s", last(actor), want)
	}
}

func TestAChildThatIsNotBornIsAnError(t *testing.T) {
	actor := guesttest.Start(t, "")
	actor.Born = func(c *guesttest.Child) error { return errors.New("no such manifest: " + c.Manifest) }
	for _, verb := range []string{"spawn", "resume", "wait"} {
		if err := actor.Send(verb + " ghost.toml"); err == nil || err.Error() != "no such manifest: ghost.toml" {
			t.Errorf("%s: %v", verb, err)
		}
	}
	if err := actor.Send("spawn-badly teddy.toml"); err == nil || !strings.HasPrefix(err.Error(), "spawn teddy.toml: the state: ") {
		t.Errorf("a state that is no value: %v", err)
	}
	if len(actor.Children) != 0 {
		t.Errorf("children: %d", len(actor.Children))
	}
}

func TestAChildIsResumed(t *testing.T) {
	actor := guesttest.Start(t, "")
	if err := errors.Join(actor.Send("resume teddy.toml"), actor.Send("resume-with teddy.toml")); err != nil {
		t.Fatal(err)
	}
	plain, equipped := actor.Children[0], actor.Children[1]
	if _, given, _ := plain.State.Option(); !plain.Resumed || given || plain.Package != nil {
		t.Errorf("the first is %+v", plain)
	}
	var state toy
	if err := pack.Unmarshal(equipped.State, &state); err != nil || state != (toy{"bear", 3}) || string(equipped.Package) != "code" {
		t.Errorf("the second is %+v, its state %+v, %v", equipped, state, err)
	}
}

func TestTheEndOfAChildIsAwaited(t *testing.T) {
	actor := guesttest.Start(t, "")
	var bounds []time.Duration
	var data []byte
	var failure error
	actor.Awaited = func(c *guesttest.Child, timeout time.Duration) ([]byte, error) {
		bounds = append(bounds, timeout)
		return data, failure
	}
	for _, c := range []struct {
		data []byte
		want string
	}{{[]byte("built"), ` "built" false`}, {[]byte{}, ` "" false`}, {nil, ` "" true`}} {
		data = c.data
		if err := actor.Send("wait teddy.toml"); err != nil || last(actor) != c.want {
			t.Errorf("with %q it saw %s, %v; want %s", c.data, last(actor), err, c.want)
		}
	}
	failure = errors.New("Child actor child-4 was stopped externally") //nolint:staticcheck // as guests know it
	if err := actor.Send("wait-a-while teddy.toml"); err == nil || err.Error() != failure.Error() {
		t.Errorf("error: %v", err)
	}
	if want := []time.Duration{0, 0, 0, 2 * time.Millisecond}; !slices.Equal(bounds, want) {
		t.Errorf("timeouts: %v, want %v", bounds, want)
	}
	if len(actor.Children) != 0 {
		t.Errorf("children: %d", len(actor.Children))
	}
}

func TestChildrenAreListedRestartedAndStopped(t *testing.T) {
	actor := with(t)
	if err := actor.Send("spawn other.toml"); err != nil {
		t.Fatal(err)
	}
	first, second := actor.Children[0].ID, actor.Children[1].ID
	var n nursery
	if err := actor.Send("list"); err != nil {
		t.Fatal(err)
	}
	if actor.State(&n); !slices.Equal(n.Seen, []string{first, second}) {
		t.Errorf("it lists %q", n.Seen)
	}
	if err := errors.Join(actor.Send("restart "+second), actor.Send("stop "+first)); err != nil {
		t.Fatal(err)
	}
	if len(actor.Children) != 1 || actor.Children[0].ID != second || actor.Children[0].Restarts != 1 {
		t.Errorf("children: %+v", actor.Children)
	}
	for verb, function := range map[string]string{"restart": "restart-child", "stop": "stop-child", "look": "get-child-state", "follow": "subscribe-to-child", "leave": "unsubscribe-from-child"} {
		want := function + ": " + first + " is not a child of this supervisor"
		if err := actor.Send(verb + " " + first); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", verb, err, want)
		}
	}
}

func TestTheStateOfAChildIsRead(t *testing.T) {
	actor := with(t)
	child := actor.Children[0]
	if err := actor.Send("look " + child.ID); err != nil || last(actor) != "{Name:bear Size:3}" {
		t.Errorf("it saw %s, %v", last(actor), err)
	}
	child.State = pack.Bytes([]byte("fur"))
	err := actor.Send("look " + child.ID)
	if want := "the state of child " + child.ID + " is a list<u8>: "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("a state of another type: %v", err)
	}
}

func TestTheEndsOfChildrenAreHandled(t *testing.T) {
	for _, c := range []struct {
		notice func(a *guesttest.Actor, id string) error
		want   string
		stays  bool
	}{
		{func(a *guesttest.Actor, id string) error { return a.ChildFailed(id, "internal", "trap: unreachable") }, "child-1 failed: internal: trap: unreachable", true},
		{func(a *guesttest.Actor, id string) error { return a.ChildFailed(id, "paused", "") }, "child-1 failed: paused", true},
		{func(a *guesttest.Actor, id string) error { return a.ChildExited(id, []byte("done")) }, `child-1 exited: "done" false`, false},
		{func(a *guesttest.Actor, id string) error { return a.ChildExited(id, []byte{}) }, `child-1 exited: "" false`, false},
		{func(a *guesttest.Actor, id string) error { return a.ChildExited(id, nil) }, `child-1 exited: "" true`, false},
		{(*guesttest.Actor).ChildStopped, "child-1 stopped", false},
	} {
		actor := with(t)
		if err := c.notice(actor, actor.Children[0].ID); err != nil || last(actor) != c.want {
			t.Errorf("it saw %s, %v; want %s", last(actor), err, c.want)
		}
		if got := len(actor.Children) == 1; got != c.stays {
			t.Errorf("after %s the child is still there: %t", c.want, got)
		}
	}
}

func TestTheEventsOfAChildAreHandled(t *testing.T) {
	actor := with(t)
	child := actor.Children[0]
	if err := actor.Send("follow-and-fail " + child.ID); err == nil || child.Followed {
		t.Errorf("a failed turn: %v, followed %t", err, child.Followed)
	}
	if err := actor.Send("follow " + child.ID); err != nil || !child.Followed {
		t.Fatalf("follow: %v, followed %t", err, child.Followed)
	}
	for _, c := range []struct{ kind, data, want string }{
		{"call", "\x01\x02", `child-1: call "\x01\x02" 0`},
		{"result", "17", `child-1: result "17" 0`},
		{"lagged", "17", `child-1: lagged "17" 17`},
	} {
		if err := actor.ChildEvent(child.ID, c.kind, []byte(c.data)); err != nil || last(actor) != c.want {
			t.Errorf("it saw %s, %v; want %s", last(actor), err, c.want)
		}
	}
	before := last(actor)
	if err := actor.ChildEvent(child.ID, "genesis", nil); err == nil || err.Error() != "I had rather not" || last(actor) != before {
		t.Errorf("a handler that fails: %v, it saw %s", err, last(actor))
	}
	if err := actor.Send("leave " + child.ID); err != nil || child.Followed {
		t.Errorf("leave: %v, followed %t", err, child.Followed)
	}
}

func TestArgumentsOfTheWrongTypeAreRefused(t *testing.T) {
	id, data := pack.String("child-1"), pack.Some(pack.Bytes(nil))
	internal := pack.Variant("wit-error-type", "internal", 5)
	for _, c := range []struct {
		function string
		args     []pack.Value
	}{
		{"handle-child-external-stop", nil},
		{"handle-child-external-stop", []pack.Value{pack.U8(1)}},
		{"handle-child-external-stop", []pack.Value{id, id}},
		{"handle-child-exit", []pack.Value{id}},
		{"handle-child-exit", []pack.Value{id, pack.Bytes(nil)}},
		{"handle-child-exit", []pack.Value{id, pack.Some(id)}},
		{"handle-child-error", []pack.Value{id, internal}},
		{"handle-child-error", []pack.Value{id, pack.Tuple(internal)}},
		{"handle-child-error", []pack.Value{id, pack.Tuple(id, data)}},
		{"handle-child-error", []pack.Value{id, pack.Tuple(internal, id)}},
		{"handle-child-event", []pack.Value{id, id}},
		{"handle-child-event", []pack.Value{id, data, data}},
		{"handle-child-event", []pack.Value{id, id, data}},
	} {
		export, _ := abi.Find("theater:simple/supervisor-handlers", c.function)
		input := pack.MustEncode(pack.Tuple(append([]pack.Value{pack.None(pack.TypeU8)}, c.args...)...))
		output, status := export.Run(input)
		result, err := pack.Decode(output)
		if err != nil || status != 0 {
			t.Fatalf("%s: status %d, %v", c.function, status, err)
		}
		payload, isOk, _ := result.Result()
		if text, _ := payload.AsString(); isOk || text != "supervisor: the host passed arguments of the wrong type" {
			t.Errorf("%s of %v: %s", c.function, c.args, result)
		}
	}
}

func TestMistakesOfTheAuthorPanic(t *testing.T) {
	for name, c := range map[string]struct {
		mistake func()
		want    string
	}{
		"two handlers": {
			func() { supervisor.HandleChildExternalStop((*nursery).stopped) },
			"guest: two handlers for theater:simple/supervisor-handlers.handle-child-external-stop",
		},
		"another state": {
			func() { supervisor.HandleChildExternalStop(func(*toy, string) error { return nil }) },
			"guest: the handlers disagree about the state: supervisor_test.nursery and supervisor_test.toy",
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); got != c.want {
					t.Errorf("panic: %s; want %s", got, c.want)
				}
			}()
			c.mistake()
		})
	}
}

func TestTheMetadataClaimsWhatHostsDeclare(t *testing.T) {
	encoded, err := abi.Metadata().Encode()
	if err != nil {
		t.Fatal(err)
	}
	m, err := pack.DecodeMetadata(encoded)
	if err != nil {
		t.Fatal(err)
	}
	want := pack.InterfaceHash{Name: hostsupervisor.Interface, Hash: hostsupervisor.New().Interfaces()[0].Pact.Hash()}
	if !slices.Contains(m.ImportHashes, want) {
		t.Errorf("import hashes: %v", m.ImportHashes)
	}
	var exported []string
	for _, f := range m.Exports {
		if name, ok := strings.CutPrefix(f.Interface, "theater:simple/supervisor-"); ok {
			exported = append(exported, name+"."+f.Name)
		}
	}
	if want := []string{
		"handlers.handle-child-error", "handlers.handle-child-exit",
		"handlers.handle-child-external-stop", "handlers.handle-child-event",
	}; !slices.Equal(exported, want) {
		t.Errorf("exports: %q", exported)
	}
}
