package guesttest

import (
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/theater-go/theater/wasm/guest/internal/abi"
	"github.com/theater-go/theater/wasm/pack"
)

// Actor is the actor whose handlers the test links, and what it did to the
// world so far.
type Actor struct {
	// Peer answers the actor's requests to others; an error is what the actor
	// gets. Nil is a world without other actors.
	Peer func(to, body string) (answer string, err error)

	// Born is asked when the actor spawns or resumes a child, which it may
	// change; an error is what the actor gets. Nil lets every child start.
	Born func(c *Child) error

	// Awaited lives the life of a child whose end the actor waits for; an error
	// is what the actor gets. Nil is a child that leaves nothing.
	Awaited func(c *Child, timeout time.Duration) (data []byte, err error)

	Children []*Child // that it has, oldest first

	Log     []string          // lines logged, those of failed turns too
	Sent    []Message         // messages sent to others
	Answers map[string]string // deferred requests answered, by request id
	Stopped bool              // it asked for its own shutdown
	Data    string            // what it left for its supervisor

	t           testing.TB
	state       pack.Value
	reachable   bool
	requests    int             // requests received, for their ids
	births      int             // children started, for their ids
	outstanding map[string]bool // requests not answered
	effects     []func()        // what the open turn does when it succeeds
}

// Message is one that the actor sent.
type Message struct{ To, Body string }

// Outstanding is the error of Request when the handler left the request to be
// answered later. The answer will be in Actor.Answers, under ID.
type Outstanding struct{ ID string }

func (o *Outstanding) Error() string { return "request " + o.ID + " is outstanding" }

// New makes an actor that has not started.
func New(t testing.TB) *Actor {
	return &Actor{
		Answers:     map[string]string{},
		t:           t,
		state:       pack.None(pack.ListOf(pack.TypeU8)),
		outstanding: map[string]bool{},
	}
}

// Start makes an actor and initialises it with text, the manifest's
// initial_state; "" means that there is none. The test fails if init does.
func Start(t testing.TB, text string) *Actor {
	t.Helper()
	a := New(t)
	if err := a.Init(text); err != nil {
		t.Fatalf("init: %v", err)
	}
	return a
}

// Init starts the actor with text, as Start does, or starts it again as after a
// restart with fresh state.
func (a *Actor) Init(text string) error {
	a.state = pack.None(pack.ListOf(pack.TypeU8))
	if text != "" {
		a.state = pack.String(text)
	}
	return a.restart()
}

// InitWith starts the actor with a state, as a supervisor or a restart that
// keeps the last one does.
func (a *Actor) InitWith(state any) error {
	a.t.Helper()
	v, err := pack.Marshal(state)
	if err != nil {
		a.t.Fatalf("state: %v", err)
	}
	a.state = v
	return a.restart()
}

func (a *Actor) restart() error {
	a.reachable = false
	_, err := a.turn("theater:simple/actor", "init")
	return err
}

// State reads the actor's state into the value that into points to.
func (a *Actor) State(into any) {
	a.t.Helper()
	if err := pack.Unmarshal(a.state, into); err != nil {
		a.t.Fatalf("state: %v", err)
	}
}

const client = "theater:simple/message-server-client"

// Send delivers a message.
func (a *Actor) Send(body string) error {
	a.t.Helper()
	a.mustBeReachable()
	_, err := a.turn(client, "handle-send", pack.Bytes([]byte(body)))
	return err
}

// Request delivers a request and returns its answer.
func (a *Actor) Request(body string) (answer string, err error) {
	a.t.Helper()
	a.mustBeReachable()
	a.requests++
	id := fmt.Sprintf("request-%d", a.requests)
	a.outstanding[id] = true
	response, err := a.turn(client, "handle-request", pack.String(id), pack.Bytes([]byte(body)))
	if err != nil {
		delete(a.outstanding, id)
		return "", err
	}
	inner, present, ok := response.At(0).Option()
	if !ok {
		return "", fmt.Errorf("the response is %s, not an option of bytes", response)
	}
	if present {
		delete(a.outstanding, id)
		b, _ := inner.AsBytes()
		return string(b), nil
	}
	if answer, answered := a.Answers[id]; answered {
		return answer, nil
	}
	return "", &Outstanding{ID: id}
}

func (a *Actor) mustBeReachable() {
	a.t.Helper()
	if !a.reachable {
		a.t.Fatal("the actor cannot be sent to: it has not started, or registers no message handler")
	}
}

// turn runs one export as a host does, and returns the response.
func (a *Actor) turn(iface, function string, args ...pack.Value) (response pack.Value, err error) {
	export, found := abi.Find(iface, function)
	if !found || !export.Handled() {
		return pack.Value{}, fmt.Errorf("the actor has no handler for %s.%s", iface, function)
	}
	input, err := pack.Encode(pack.Tuple(append([]pack.Value{a.state}, args...)...))
	if err != nil {
		return pack.Value{}, err
	}
	abi.SetHost(a.host)
	defer abi.SetHost(nil)
	a.effects = nil
	before := maps.Clone(a.outstanding)
	defer func() {
		if err != nil {
			a.outstanding = before
		}
	}()
	output, status := export.Run(input)
	if status != 0 {
		return pack.Value{}, errors.New(string(output))
	}
	result, err := pack.Decode(output)
	if err != nil {
		return pack.Value{}, err
	}
	payload, isOk, _ := result.Result()
	if !isOk {
		text, _ := payload.AsString()
		return pack.Value{}, errors.New(text)
	}
	a.state = payload.At(0)
	for _, effect := range a.effects {
		effect()
	}
	if payload.Len() > 1 {
		response = payload.At(1)
	}
	return response, nil
}
