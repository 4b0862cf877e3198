package node_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/actors/observe"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/serve.md")

const document = "../../docs/serve.md"

// TestTheDocumentSaysWhatTheCodeSays holds the tables of the document to the code.
func TestTheDocumentSaysWhatTheCodeSays(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	want := between(t, text, "settings", settingsTable())
	want = between(t, want, "metrics", metricsTable(t))
	if *update {
		if err := os.WriteFile(document, want, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(text, want) {
		t.Error("docs/serve.md does not say what the code says; run go test ./actors/node -update")
	}
}

// between puts a table between the two marks of its name.
func between(t *testing.T, text []byte, name, table string) []byte {
	t.Helper()
	begin, end := []byte("<!-- "+name+": written by go test ./actors/node -update -->\n"), []byte("<!-- end of "+name+" -->\n")
	i, j := bytes.Index(text, begin), bytes.Index(text, end)
	if i < 0 || j < i {
		t.Fatalf("docs/serve.md has no marks of %s", name)
	}
	return slices.Concat(text[:i+len(begin)], []byte("\n"+table+"\n"), text[j:])
}

func settingsTable() string {
	var b strings.Builder
	b.WriteString("| key | flag | environment | type | default | meaning |\n|---|---|---|---|---|---|\n")
	for _, k := range node.Keys() {
		fmt.Fprintf(&b, "| `%s` | `--%s` | `%s` | %s | %s | %s |\n", k.Name, k.Flag(), k.Env(), k.Type, k.Default, k.Meaning)
	}
	return b.String()
}

// metricsTable lists the metrics of a node that has everything.
func metricsTable(t *testing.T) string {
	t.Helper()
	m := observe.New(observe.Config{
		Actors: func() actors.Stats { return actors.Stats{} }, Memory: func() (int64, int64) { return 0, 0 }, Log: func() observe.Log { return observe.Log{} },
		Disk:     func() (uint64, uint64) { return 0, 0 },
		Recovery: func() observe.Recovery { return observe.Recovery{} }, Ready: func() bool { return true },
	})
	m.Request("", "", 0)
	families, err := m.Families()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| metric | type | labels | meaning |\n|---|---|---|---|\n")
	for _, f := range families {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, strings.Join(f.Labels, ", "), f.Help)
	}
	return b.String()
}

// TestDocumentedDefaultsAreThoseOfTheCode compares what can be: the rest is the
// machine's, or a word for nothing.
func TestDocumentedDefaultsAreThoseOfTheCode(t *testing.T) {
	e := load(t, node.Sources{})
	compared := 0
	for _, k := range node.Keys() {
		switch value := e.Value(k); {
		case value == k.Default:
			compared++
		case value == "" && (k.Default == "none" || k.Name == "durability"):
		case !slices.Contains([]string{"node", "cache", "socket", "tokens"}, k.Name):
			t.Errorf("%s is %q by default, and documented as %q", k.Name, value, k.Default)
		}
	}
	if compared < 12 {
		t.Errorf("only %d defaults were compared", compared)
	}
}
