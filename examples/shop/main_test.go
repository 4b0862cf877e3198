package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm/guest/guesttest"
)

// send delivers an order that must succeed.
func send(t *testing.T, a *guesttest.Actor, order string) {
	t.Helper()
	if err := a.Send(order); err != nil {
		t.Errorf("%s: %v", order, err)
	}
}

// said checks all that an actor has logged.
func said(t *testing.T, a *guesttest.Actor, want ...string) {
	t.Helper()
	if !slices.Equal(a.Log, want) {
		t.Errorf("log: %q, want %q", a.Log, want)
	}
}

// sent checks all that an actor has sent.
func sent(t *testing.T, a *guesttest.Actor, want ...guesttest.Message) {
	t.Helper()
	if !slices.Equal(a.Sent, want) {
		t.Errorf("sent: %q, want %q", a.Sent, want)
	}
}

// panics checks that an order makes an actor panic.
func panics(t *testing.T, a *guesttest.Actor, order, want string) {
	t.Helper()
	defer func() {
		err, _ := recover().(error)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: panic %v, want %s", order, err, want)
		}
	}()
	a.Send(order)
}

func TestNobodyStartsWithoutARole(t *testing.T) {
	for _, text := range []string{"", "baker", "baker till"} {
		if err := guesttest.New(t).Init(text); err == nil {
			t.Errorf("%q: started", text)
		}
	}
}

func TestTheManagerPassesOrdersOn(t *testing.T) {
	manager := guesttest.Start(t, "manager")
	send(t, manager, "/shop/floor/till voucher 7")
	sent(t, manager, guesttest.Message{To: "/shop/floor/till", Body: "voucher 7"})
}

func TestTheClockGoesThroughItsErrandsOverAndOver(t *testing.T) {
	clock := guesttest.Start(t, "clock\n0s /shelf 1\n1ns  /till  sell bread\n")
	for _, order := range []string{"open", "tick", "tick"} {
		send(t, clock, order)
	}
	tick := guesttest.Message{To: "the-actor", Body: "tick"}
	first, second := guesttest.Message{To: "/shelf", Body: "1"}, guesttest.Message{To: "/till", Body: "sell bread"}
	sent(t, clock, first, tick, second, tick, first, tick)
}

func TestTheClockIsNotWoundWithWhatIsNoErrand(t *testing.T) {
	for _, errands := range []string{"", "soon /till bread", "1s", "1s /till", "1s /till bread\n\n1s /till ham"} {
		if err := guesttest.New(t).Init("clock\n" + errands); err == nil || !strings.Contains(err.Error(), "errand") {
			t.Errorf("%q: %v", errands, err)
		}
	}
}

func TestTheDoormanOpensTheShopAndGoesAfterTheThirdCustomer(t *testing.T) {
	doorman := guesttest.Start(t, "doorman /shop/clock")
	sent(t, doorman, guesttest.Message{To: "/shop/clock", Body: "open"})
	for _, name := range []string{"Ada", "Bob", "Cleo"} {
		if doorman.Stopped {
			t.Errorf("he went before %s came", name)
		}
		send(t, doorman, name)
	}
	if !doorman.Stopped || doorman.Data == "" {
		t.Errorf("stopped: %t, left %q", doorman.Stopped, doorman.Data)
	}
	said(t, doorman, "good morning, Ada", "good morning, Bob", "good morning, Cleo")
}

func TestTheTillKeepsItsCountOverAVoucher(t *testing.T) {
	till := guesttest.Start(t, "till")
	send(t, till, "bread")
	panics(t, till, "voucher 7", "nil map")
	send(t, till, "ham")
	said(t, till, "sold bread, 1 so far", "sold ham, 2 so far")
}

func TestTheScaleWeighsWhatIsHeavyEnough(t *testing.T) {
	scale := guesttest.Start(t, "scale")
	send(t, scale, "bread")
	said(t, scale, "weighed bread")
}

func TestTheTraineeFailsWithAnError(t *testing.T) {
	const want = "nobody has shown me how to wrap a gift"
	if err := guesttest.Start(t, "trainee").Send("wrap a gift"); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestTheLedgerTellsWhatThereIs(t *testing.T) {
	ledger := guesttest.Start(t, "ledger bread cheese")
	send(t, ledger, "rice")
	if goods, err := ledger.Request("goods"); err != nil || goods != "bread cheese rice" {
		t.Errorf("goods: %q, %v", goods, err)
	}
}

func TestShelfAndLabelsKnowWhatThereWasWhenTheyStarted(t *testing.T) {
	goods := "bread cheese"
	start := func(role string) *guesttest.Actor {
		a := guesttest.New(t)
		a.Peer = func(to, body string) (string, error) { return goods, nil }
		if err := a.Init(role + " /shop/stock/ledger"); err != nil {
			t.Fatal(err)
		}
		return a
	}
	shelf, labels := start("shelf"), start("labels")
	goods += " rice"

	send(t, shelf, "2")
	panics(t, shelf, "3", "index out of range")
	if err := shelf.Send("two"); err == nil {
		t.Error("the shelf has a place two")
	}
	send(t, labels, "all")
	said(t, shelf, "here is your cheese")
	said(t, labels, "labels for bread, cheese")
	shelf = start("shelf")
	send(t, shelf, "3")
	said(t, shelf, "here is your rice")
}

func TestTheShelfDoesNotStartWithoutTheLedger(t *testing.T) {
	shelf := guesttest.New(t)
	shelf.Peer = func(string, string) (string, error) { return "", errors.New("it is closed") }
	if err := shelf.Init("shelf /shop/stock/ledger"); err == nil || !strings.Contains(err.Error(), "it is closed") {
		t.Errorf("init: %v", err)
	}
}
