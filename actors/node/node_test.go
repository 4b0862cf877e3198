package node_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
)

func TestMain(m *testing.M) {
	// A server waits half a second before it closes a connection.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

func open(t *testing.T, config node.Config) *node.Node {
	t.Helper()
	n, err := node.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, n) })
	return n
}

func closed(t *testing.T, n *node.Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := n.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
}

func spawn(n *node.Node, tables string) (actors.Ref, error) {
	m, err := manifest.Parse([]byte("name = \"echo\"\nversion = \"1\"\npackage = \"echo.wasm\"\n[[handler]]\ntype = \"message-server\"\n"+tables), "manifest.toml", n.Handlers)
	if err != nil {
		return actors.Ref{}, err
	}
	return n.System.Spawn(context.Background(), actors.Spec{Manifest: m, Package: module()})
}

func answers(t *testing.T, n *node.Node, ref actors.Ref, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if answer, err := n.System.Request(ctx, ref, "test", []byte(body)); err != nil || string(answer) != body {
		t.Fatalf("%s answers %q, %v", ref, answer, err)
	}
}

func TestAnActorIsResumedByTheNextNodeOfItsFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	config := node.Config{Data: dir, Cache: filepath.Join(t.TempDir(), "cache")}
	first := open(t, config)
	ref, err := spawn(first, "")
	if err != nil {
		t.Fatal(err)
	}
	answers(t, first, ref, "hello")
	answers(t, first, ref, strings.Repeat("large", 2000))
	closed(t, first)
	closed(t, first)

	second := open(t, config)
	again, err := second.System.Resume(t.Context(), ref.ID)
	if err != nil || again.ID != ref.ID || again.Path != ref.Path {
		t.Fatalf("it resumes as %v, %v", again, err)
	}
	answers(t, second, again, "hello again")
	if exit, err := second.System.Stop(t.Context(), again); err != nil || exit.Reason != actors.ReasonShutdown {
		t.Errorf("it ends with %v, %v", exit, err)
	}
	sum, err := chain.Find(t.Context(), second.Log, "/echo")
	if err != nil || sum.Status != chain.StatusStopped || sum.ID != ref.ID {
		t.Errorf("the log has %+v, %v", sum, err)
	}
	if report, err := chain.Verify(t.Context(), second.Log, ref.ID); err != nil || report.Records != sum.Records {
		t.Errorf("the chain: %+v, %v", report, err)
	}
}

func TestANewActorSupersedesThoseOfAnEarlierRun(t *testing.T) {
	dir := t.TempDir()
	var old actors.Ref
	for range 3 {
		n := open(t, node.Config{Data: dir})
		ref, err := spawn(n, "")
		if err != nil {
			t.Fatal(err)
		}
		answers(t, n, ref, "x")
		if !old.ID.IsZero() {
			if sum, err := n.Log.Summary(t.Context(), old.ID); err != nil || sum.Reason != string(actors.ReasonSuperseded) {
				t.Errorf("the one before is %s %q, %v", sum.Status, sum.Reason, err)
			}
			if _, err := chain.Verify(t.Context(), n.Log, old.ID); err != nil {
				t.Error(err)
			}
		}
		old = ref
		closed(t, n)
	}
}

func TestTheSameNameIsSpawnedAgainAndAgain(t *testing.T) {
	n := open(t, node.Config{Data: t.TempDir()})
	for range 20 {
		ref, err := spawn(n, "")
		if err != nil || ref.Path != "/echo" {
			t.Fatalf("it is spawned as %v, %v", ref, err)
		}
		if _, err := n.System.Kill(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDurabilityIsTheFolders(t *testing.T) {
	const sync = "[chain]\ndurability = \"sync\"\n"
	dir := t.TempDir()
	n := open(t, node.Config{Data: dir, Durability: "sync"})
	ref, err := spawn(n, sync)
	if err != nil {
		t.Fatal(err)
	}
	answers(t, n, ref, "x")
	closed(t, n)
	if n, err := node.Open(t.Context(), node.Config{Data: dir, Durability: "async"}); err == nil {
		closed(t, n)
		t.Error("a sync folder is opened as async")
	}
	var refused *actors.DurabilityError
	for _, config := range []node.Config{{Data: t.TempDir()}, {}} {
		if _, err := spawn(open(t, config), sync); !errors.As(err, &refused) {
			t.Errorf("a folder %q takes a sync manifest: %v", config.Data, err)
		}
	}
}

func TestAFolderInUseIsRefusedAndNothingIsLeftOpen(t *testing.T) {
	dir := t.TempDir()
	n := open(t, node.Config{Data: dir})
	if _, err := node.Open(t.Context(), node.Config{Data: dir}); !errors.Is(err, chain.ErrInUse) {
		t.Errorf("the second node gives %v", err)
	}
	if _, err := spawn(n, ""); err != nil {
		t.Error(err)
	}
}

func TestClockAndRandomnessAreTheGivenOnes(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	n := open(t, node.Config{Now: func() time.Time { return at }, Random: bytes.NewReader(make([]byte, 64))})
	ref, err := spawn(n, "")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := n.Log.Summary(t.Context(), ref.ID)
	if err != nil || sum.Created != at.UnixNano() {
		t.Errorf("it was created at %d, %v", sum.Created, err)
	}
	if tail := ref.ID.String()[24:]; tail != "000000000000" {
		t.Errorf("its id is %s", ref.ID)
	}
}
