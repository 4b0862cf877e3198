package guest_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm/guest"
	"github.com/theater-go/theater/wasm/guest/guesttest"
	"github.com/theater-go/theater/wasm/guest/internal/abi"
	"github.com/theater-go/theater/wasm/guest/message"
)

// state is that of the actor under test, which does at its start what the
// manifest's text says.
type state struct {
	Starts uint64
	Text   string
	Rolls  []uint64
}

func (s *state) start(text string) error {
	s.Starts++
	s.Text = text
	switch text {
	case "log":
		guest.Log("I am " + guest.Self())
	case "shutdown":
		return guest.Shutdown([]byte("bye"))
	case "shutdown without data":
		return guest.Shutdown(nil)
	case "shutdown and fail":
		return errors.Join(guest.Shutdown(nil), errors.New("no start today"))
	case "roll":
		if first, second := guest.Rand(), guest.Rand(); first != second {
			return errors.New("two sources in one turn")
		}
		source = guest.Rand()
		s.Rolls = append(s.Rolls, source.Uint64(), guest.Rand().Uint64())
	}
	return nil
}

// source is what the last roll drew from.
var source *rand.Rand

func init() { guest.Init((*state).start) }

func TestInitIsGivenTheTextOfTheManifestAndAZeroState(t *testing.T) {
	actor := guesttest.Start(t, "hello")
	var got state
	if actor.State(&got); got.Starts != 1 || got.Text != "hello" {
		t.Errorf("state: %+v", got)
	}
}

func TestInitIsGivenTheStateThatTheActorHadBefore(t *testing.T) {
	actor := guesttest.New(t)
	if err := actor.InitWith(state{Starts: 4, Text: "old"}); err != nil {
		t.Fatal(err)
	}
	var got state
	if actor.State(&got); got.Starts != 5 || got.Text != "" {
		t.Errorf("state: %+v", got)
	}
}

func TestAStateOfAnotherShapeIsRefusedByName(t *testing.T) {
	err := guesttest.New(t).InitWith([]uint32{1, 2})
	if err == nil || !strings.HasPrefix(err.Error(), "the state is a list<u32>, which does not fit guest_test.state: ") {
		t.Errorf("error: %v", err)
	}
}

func TestLogAndSelf(t *testing.T) {
	actor := guesttest.Start(t, "log")
	if want := []string{"I am the-actor"}; !slices.Equal(actor.Log, want) {
		t.Errorf("log: %q, want %q", actor.Log, want)
	}
}

func TestShutdownLeavesItsData(t *testing.T) {
	if actor := guesttest.Start(t, "shutdown"); !actor.Stopped || actor.Data != "bye" {
		t.Errorf("stopped %v, data %q", actor.Stopped, actor.Data)
	}
	if actor := guesttest.Start(t, "shutdown without data"); !actor.Stopped || actor.Data != "" {
		t.Errorf("stopped %v, data %q", actor.Stopped, actor.Data)
	}
}

func TestAFailedInitHasNoEffect(t *testing.T) {
	actor := guesttest.New(t)
	if err := actor.Init("shutdown and fail"); err == nil || err.Error() != "no start today" {
		t.Errorf("error: %v", err)
	}
	if actor.Stopped {
		t.Error("the shutdown of a failed turn went through")
	}
}

func TestRandomNumbersDifferBetweenTurns(t *testing.T) {
	actor := guesttest.Start(t, "roll")
	var first, second state
	actor.State(&first)
	used := source
	if err := actor.Init("roll"); err != nil {
		t.Fatal(err)
	}
	actor.State(&second)
	if all := append(first.Rolls, second.Rolls...); len(all) != 4 || hasDuplicates(all) {
		t.Errorf("rolls: %d", all)
	}
	if source == used {
		t.Error("a turn went on with the source of another")
	}
}

func hasDuplicates(numbers []uint64) bool {
	return len(slices.Compact(slices.Sorted(slices.Values(numbers)))) < len(numbers)
}

func TestAnInterfaceWithoutAHandlerIsNotClaimed(t *testing.T) {
	var exports []string // package message is linked
	for _, f := range abi.Metadata().Exports {
		exports = append(exports, f.Interface+"."+f.Name)
	}
	if want := []string{"theater:simple/actor.init"}; !slices.Equal(exports, want) {
		t.Errorf("exports: %q, want %q", exports, want)
	}
}

func TestMistakesOfTheAuthorPanic(t *testing.T) {
	for name, c := range map[string]struct {
		mistake func()
		want    string
	}{
		"another state than that of Init": {
			func() { message.HandleSend(func(*int, []byte) error { return nil }) },
			"guest: the handlers disagree about the state: guest_test.state and int",
		},
		"two Init handlers":          {func() { guest.Init((*state).start) }, "guest: Init was called twice"},
		"a host call outside a turn": {func() { guest.Log("too early") }, "guest: theater:simple/runtime.log called outside a turn"},
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
