package main

import (
	"errors"
	"slices"
	"testing"

	"github.com/theater-go/theater/wasm/guest/guesttest"
)

func TestPassesOnWhatSheIsAskedToSay(t *testing.T) {
	actor := guesttest.Start(t, "/bob")
	actor.Peer = func(to, body string) (string, error) { return to + " heard " + body, nil }

	if answer, err := actor.Request("hello"); err != nil || answer != "/bob heard hello" {
		t.Errorf("answer: %q, %v", answer, err)
	}
	if want := []guesttest.Message{{To: "/bob", Body: "thank you"}}; !slices.Equal(actor.Sent, want) {
		t.Errorf("sent: %v, want %v", actor.Sent, want)
	}
	history, err := actor.Request("history")
	if err != nil || history != "alice: hello\nbob: /bob heard hello" {
		t.Errorf("history: %q, %v", history, err)
	}
}

func TestForgetsWhatHerPeerDidNotAnswer(t *testing.T) {
	actor := guesttest.Start(t, "/bob")
	actor.Peer = func(string, string) (string, error) { return "", errors.New("he is asleep") }

	if _, err := actor.Request("hello"); err == nil || err.Error() != "he is asleep" {
		t.Errorf("error: %v", err)
	}
	if history, err := actor.Request("history"); err != nil || history != "" {
		t.Errorf("history: %q, %v", history, err)
	}
}

func TestRefusesToStartWithoutAPeer(t *testing.T) {
	if err := guesttest.New(t).Init(""); err == nil {
		t.Error("she started")
	}
}
