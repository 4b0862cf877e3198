package chat_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm/guest/sdk"
)

// spawn builds the guest in folder and starts it.
func spawn(t *testing.T, n *node.Node, folder string) actors.Ref {
	t.Helper()
	m, err := manifest.Load(folder, n.Handlers)
	if err != nil {
		t.Fatal(err)
	}
	m.Package = filepath.Join(t.TempDir(), m.Package)
	if out, err := sdk.BuildCommand(t.Context(), folder, m.Package).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ref, err := n.System.Spawn(t.Context(), actors.Spec{Manifest: m})
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestAliceAndBobTalk(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	n, err := node.Open(ctx, node.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	alice, bob := spawn(t, n, "alice"), spawn(t, n, "bob")
	answer, err := n.System.Request(ctx, alice, "test", []byte("hello"))
	if want := `you said "hello"`; err != nil || string(answer) != want {
		t.Fatalf("alice answers %q, %v; want %q", answer, err, want)
	}
	// Bob handles her thanks before he handles this, so he knows the history.
	history, err := n.System.Request(ctx, bob, "test", []byte("history"))
	if want := "alice: hello\nbob: you said \"hello\""; err != nil || string(history) != want {
		t.Errorf("bob knows %q, %v; want %q", history, err, want)
	}
	for _, ref := range []actors.Ref{alice, bob} {
		if report, err := chain.Verify(ctx, n.Log, ref.ID); err != nil || report.Records < 4 {
			t.Errorf("%s: %+v, %v", ref, report, err)
		}
	}
}
