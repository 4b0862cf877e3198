package main

import (
	"errors"
	"slices"
	"testing"

	"github.com/theater-go/theater/wasm/guest/guesttest"
)

func TestAsksForTheHistoryWhenThanked(t *testing.T) {
	actor := guesttest.Start(t, "/alice")
	actor.Peer = func(to, body string) (string, error) { return to + "'s " + body, nil }

	if answer, err := actor.Request("hello"); err != nil || answer != `you said "hello"` {
		t.Errorf("answer: %q, %v", answer, err)
	}
	if err := actor.Send("thank you"); err != nil {
		t.Fatal(err)
	}
	if history, err := actor.Request("history"); err != nil || history != "/alice's history" {
		t.Errorf("history: %q, %v", history, err)
	}
}

func TestGoesOnWithoutHisPeer(t *testing.T) {
	actor := guesttest.Start(t, "/alice")
	actor.Peer = func(string, string) (string, error) { return "", errors.New("she left") }

	if err := actor.Send("thank you"); err != nil {
		t.Fatal(err)
	}
	if want := []string{"told: thank you", "no history: she left"}; !slices.Equal(actor.Log, want) {
		t.Errorf("log: %q, want %q", actor.Log, want)
	}
}
