package main

import (
	"testing"

	"github.com/theater-go/theater/wasm/guest/guesttest"
)

func TestCountsIncrements(t *testing.T) {
	actor := guesttest.Start(t, "")
	for _, step := range []struct{ request, want string }{
		{"get", "0"}, {"increment", "1"}, {"increment", "2"}, {"get", "2"},
	} {
		if answer, err := actor.Request(step.request); err != nil || answer != step.want {
			t.Errorf("%s: %q, %v; want %q", step.request, answer, err, step.want)
		}
	}
}

func TestRefusesAnUnknownRequestAndKeepsTheCount(t *testing.T) {
	actor := guesttest.New(t)
	if err := actor.InitWith(counter{Count: 7}); err != nil {
		t.Fatal(err)
	}
	const want = `unknown request "reset": want increment, get, crash or spin`
	if _, err := actor.Request("reset"); err == nil || err.Error() != want {
		t.Errorf("reset: %v; want %s", err, want)
	}
	if answer, err := actor.Request("get"); err != nil || answer != "7" {
		t.Errorf("get: %q, %v", answer, err)
	}
}

func TestCrashesOnRequest(t *testing.T) {
	actor := guesttest.Start(t, "")
	defer func() {
		if text := recover(); text != "crash was requested" {
			t.Errorf("panic: %v", text)
		}
	}()
	actor.Request("crash")
}
