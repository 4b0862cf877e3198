package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/guest/sdk"
)

// load builds the guest in this folder and reads the manifest beside it.
func load(t *testing.T, n *node.Node) *manifest.Manifest {
	t.Helper()
	m, err := manifest.Load(".", n.Handlers)
	if err != nil {
		t.Fatal(err)
	}
	m.Package = filepath.Join(t.TempDir(), m.Package)
	if out, err := sdk.BuildCommand(t.Context(), ".", m.Package).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return m
}

func TestTheCounterCountsCrashesAndIsResumed(t *testing.T) {
	ctx := t.Context()
	config := node.Config{Data: t.TempDir()}
	n, err := node.Open(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	m := load(t, n)
	ref, err := n.System.Spawn(ctx, actors.Spec{Manifest: m})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(ref actors.Ref, request, want string) {
		t.Helper()
		answer, err := n.System.Request(ctx, ref, "test", []byte(request))
		if err != nil || string(answer) != want {
			t.Errorf("%s: %q, %v; want %q", request, answer, err, want)
		}
	}
	ask(ref, "increment", "1")
	ask(ref, "increment", "2")
	ask(ref, "get", "2")
	if err := n.Close(ctx); err != nil {
		t.Fatal(err)
	}

	if n, err = node.Open(ctx, config); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	if ref, err = n.System.Resume(ctx, ref.ID); err != nil {
		t.Fatal(err)
	}
	ask(ref, "increment", "3")
	_, err = n.System.Request(ctx, ref, "test", []byte("crash"))
	var trap *wasm.Trap
	if !errors.As(err, &trap) || trap.Kind != wasm.KindPanic || trap.Message != "crash was requested" || !strings.HasPrefix(trap.Function, "main.") {
		t.Errorf("crash: got %v, want a panic in package main", err)
	}
	if _, err := chain.Verify(ctx, n.Log, ref.ID); err != nil {
		t.Error(err)
	}
}
