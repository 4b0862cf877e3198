package guesttest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/theater-go/theater/wasm/guest/internal/abi"
	"github.com/theater-go/theater/wasm/pack"
)

const (
	supervisor = "theater:simple/supervisor"
	handlers   = "theater:simple/supervisor-handlers"
)

// Child is one that the actor has spawned or resumed. It is what the test makes
// of it: there is no actor behind it.
type Child struct {
	ID       string
	Manifest string     // the reference that the actor gave
	Package  []byte     // the module that the actor gave, nil for none
	State    pack.Value // that the actor gave; what it gets when it asks. None when it gave none
	Resumed  bool
	Followed bool // the actor has subscribed to it
	Restarts int  // that the actor has ordered
}

// ChildFailed tells the actor that a child has failed, which stays a child as
// one does that is restarted. Kind is such as "internal".
func (a *Actor) ChildFailed(id, kind, text string) error {
	a.t.Helper()
	a.mustHave(id)
	tag := slices.Index(errorKinds, kind)
	if tag < 0 {
		a.t.Fatalf("%q is no kind of error: there are %q", kind, errorKinds)
	}
	variant := pack.Variant("wit-error-type", kind, uint32(tag))
	return a.notice("handle-child-error", pack.String(id), pack.Tuple(variant, pack.Some(pack.Bytes([]byte(text)))))
}

var errorKinds = []string{
	"operation-timeout", "channel-closed", "shutting-down", "function-not-found", "type-mismatch",
	"internal", "serialization-error", "update-component-error", "paused",
}

// ChildExited tells the actor that a child has shut itself down. It left data;
// nil is none.
func (a *Actor) ChildExited(id string, data []byte) error {
	a.t.Helper()
	a.lose(a.mustHave(id))
	left := pack.None(pack.ListOf(pack.TypeU8))
	if data != nil {
		left = pack.Some(pack.Bytes(data))
	}
	return a.notice("handle-child-exit", pack.String(id), left)
}

// ChildStopped tells the actor that others have stopped a child.
func (a *Actor) ChildStopped(id string) error {
	a.t.Helper()
	a.lose(a.mustHave(id))
	return a.notice("handle-child-external-stop", pack.String(id))
}

// ChildEvent tells the actor of an event of a child that it follows.
func (a *Actor) ChildEvent(id, kind string, data []byte) error {
	a.t.Helper()
	if !a.mustHave(id).Followed {
		a.t.Fatalf("the actor does not follow its child %s: it has not subscribed", id)
	}
	return a.notice("handle-child-event", pack.String(id), pack.String(kind), pack.Bytes(data))
}

// notice runs a callback, which the actor need not have.
func (a *Actor) notice(function string, args ...pack.Value) error {
	if export, found := abi.Find(handlers, function); !found || !export.Handled() {
		return nil
	}
	_, err := a.turn(handlers, function, args...)
	return err
}

func (a *Actor) child(id string) *Child {
	for _, c := range a.Children {
		if c.ID == id {
			return c
		}
	}
	return nil
}

func (a *Actor) mustHave(id string) *Child {
	a.t.Helper()
	c := a.child(id)
	if c == nil {
		a.t.Fatalf("the actor has no child %s", id)
	}
	return c
}

func (a *Actor) lose(child *Child) {
	a.Children = slices.DeleteFunc(a.Children, func(c *Child) bool { return c == child })
}

// supervise answers the calls that are about children.
func (a *Actor) supervise(function string, args pack.Value) pack.Value {
	switch function {
	case "spawn", "resume":
		c, err := a.bear(function == "resume", args)
		if err != nil {
			return fail(err)
		}
		return ok(pack.String(c.ID))
	case "spawn-and-wait":
		return a.await(args)
	case "list-children":
		var ids []pack.Value
		for _, c := range a.Children {
			ids = append(ids, pack.String(c.ID))
		}
		return ok(pack.List(pack.TypeString, ids...))
	}
	c := a.child(text(args))
	if c == nil {
		return fail(fmt.Errorf("%s: %s is not a child of this supervisor", function, text(args)))
	}
	switch function {
	case "restart-child":
		c.Restarts++
	case "stop-child":
		a.lose(c)
	case "get-child-state":
		return ok(c.State)
	case "subscribe-to-child":
		a.effects = append(a.effects, func() { c.Followed = true })
	case "unsubscribe-from-child":
		a.effects = append(a.effects, func() { c.Followed = false })
	default:
		panic("guesttest: unknown host function " + supervisor + "." + function)
	}
	return ok(pack.Unit)
}

// bear starts a child.
func (a *Actor) bear(resumed bool, args pack.Value) (*Child, error) {
	c := &Child{Manifest: text(args.At(0)), State: pack.None(pack.ListOf(pack.TypeU8)), Resumed: resumed}
	if state, present, _ := args.At(1).Option(); present {
		c.State = state
		if resumed {
			encoded, _ := state.AsBytes()
			var err error
			if c.State, err = pack.Decode(encoded); err != nil {
				return nil, errors.New("the state to resume from is not encoded: " + err.Error())
			}
		}
	}
	if code, present, _ := args.At(2).Option(); present {
		c.Package, _ = code.AsBytes()
	}
	if a.Born != nil {
		if err := a.Born(c); err != nil {
			return nil, err
		}
	}
	a.births++
	c.ID = fmt.Sprintf("child-%d", a.births)
	a.Children = append(a.Children, c)
	return c, nil
}

// await starts a child and waits for its end.
func (a *Actor) await(args pack.Value) pack.Value {
	c, err := a.bear(false, args)
	if err != nil {
		return fail(err)
	}
	defer a.lose(c)
	var timeout time.Duration
	if bound, present, _ := args.At(3).Option(); present {
		ms, _ := bound.AsU64()
		timeout = time.Duration(ms) * time.Millisecond
	}
	var data []byte
	if a.Awaited != nil {
		if data, err = a.Awaited(c, timeout); err != nil {
			return fail(err)
		}
	}
	if data == nil {
		return ok(pack.None(pack.ListOf(pack.TypeU8)))
	}
	return ok(pack.Some(pack.Bytes(data)))
}
