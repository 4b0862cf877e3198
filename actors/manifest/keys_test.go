package manifest_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors/manifest"
)

var update = flag.Bool("update", false, "rewrite docs/manifest.md")

const document = "../../docs/manifest.md"

func TestTheDocumentIsTheTable(t *testing.T) {
	want := render(manifest.Keys())
	if *update {
		if err := os.MkdirAll(filepath.Dir(document), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(document, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/manifest.md does not say what the table of keys says; run go test ./actors/manifest -update")
	}
}

// TestDocumentedDefaultsAreTheParsersDefaults writes every documented default
// into a manifest and expects what a manifest without it gives.
func TestDocumentedDefaultsAreTheParsersDefaults(t *testing.T) {
	const child = "[[child]]\nid = \"c\"\nmanifest = \"c.toml\"\n"
	text := map[string]string{"": head, "child": child}
	for _, k := range manifest.Keys() {
		group, leaf := split(k.Key)
		if k.Default != "" && k.Default != "required" {
			text[group] += leaf + " = " + k.Default + "\n"
		}
	}
	whole := text[""]
	for _, group := range []string{"limits", "chain", "snapshot", "supervision", "supervision.backoff"} {
		whole += "[" + group + "]\n" + text[group]
	}
	whole += text["child"]
	silent, explicit := parse(t, head+child), parse(t, whole)
	if explicit.Limits != silent.Limits || explicit.Chain != silent.Chain || explicit.Snapshot != silent.Snapshot || explicit.Supervision != silent.Supervision ||
		explicit.StaticPackage != silent.StaticPackage || explicit.Description != silent.Description {
		t.Errorf("explicit defaults give %+v, silence gives %+v", explicit, silent)
	}
	for _, m := range []*manifest.Manifest{silent, explicit} {
		c := m.Children[0]
		if got := fmt.Sprintln(c.Restart, c.Shutdown, c.Type, c.Significant, c.InitialState); got != "permanent 5s worker false <nil>\n" {
			t.Errorf("the child is %s", got)
		}
	}
	if strings.Count(whole, "\n") < 35 {
		t.Errorf("too few defaults were tried:\n%s", whole)
	}
}

func TestRequiredKeysAreThoseDocumentedSo(t *testing.T) {
	var required []string
	for _, k := range manifest.Keys() {
		if k.Default == "required" {
			required = append(required, k.Key)
		}
		if k.Type == "" || k.Meaning == "" {
			t.Errorf("%s is not documented", k.Key)
		}
	}
	if !slices.Equal(required, []string{"name", "version", "package", "child.id", "child.manifest", "handler.type", "permission_policy.<capability>.type"}) {
		t.Errorf("required are %v", required)
	}
}

// render prints the table of keys as the document.
func render(keys []manifest.KeyDoc) []byte {
	var b bytes.Buffer
	b.WriteString(intro)
	section := ""
	for _, k := range keys {
		group, leaf := split(k.Key)
		if group != section || b.Len() == len(intro) {
			section = group
			b.WriteString("\n" + headings[group] + "\n\n" + notes[group] + "| key | type | unit | default | meaning |\n|---|---|---|---|---|\n")
		}
		def := k.Default
		if def != "" && def != "required" {
			def = "`" + def + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", leaf, k.Type, k.Unit, def, k.Meaning)
	}
	b.WriteString(outro)
	return b.Bytes()
}

// split returns the group of a key, which has a heading of its own, and the
// rest.
func split(key string) (group, leaf string) {
	for name := range headings {
		if rest, ok := strings.CutPrefix(key, name+"."); ok && len(name) > len(group) {
			group, leaf = name, rest
		}
	}
	if group == "" {
		leaf = key
	}
	return group, leaf
}

var headings = map[string]string{
	"":                    "## Top level",
	"limits":              "## `[limits]`",
	"chain":               "## `[chain]`",
	"snapshot":            "## `[snapshot]`",
	"supervision":         "## `[supervision]`",
	"supervision.backoff": "## `[supervision.backoff]`",
	"child":               "## `[[child]]`",
	"handler":             "## `[[handler]]`",
	"permission_policy":   "## `[permission_policy]`",
}

// notes stand between the heading of a group and its table.
var notes = map[string]string{
	"snapshot": `An actor is resumed from its newest snapshot: only the turns after it are executed
again. A snapshot holds what differs in the guest's memory from what the module begins
with. It is taken between two turns, by whichever of the first keys comes first, but not
before the turns since the last one have spent as much fuel as the memory has bytes,
with 4,096 for each turn: until then it costs less to execute them again. The data folder keeps the newest two.
Those of an actor with ` + "`chain.sealed`" + ` lie there in clear, as what opens its payloads
does; nothing of them stands on the chain but a salted hash. An actor whose durability
is ` + "`memory`" + ` has none, nor one whose module changes tables or drops segments:
` + "`theater inspect`" + ` says so of a module.

`,
	"supervision": `The first four keys are about the actor itself, the others about its children. The
latter mean what they mean in the ` + "`supervisor`" + ` of Erlang/OTP.

`,
	"supervision.backoff": `How long a child waits before it restarts. The wait is ` + "`initial`" + ` at first and grows by
` + "`factor`" + ` with each restart, up to ` + "`cap`" + `.

`,
	"child": `Each table is a child that starts when the actor has started, in the order of the
file; children stop in the reverse order. With ` + "`simple-one-for-one`" + ` the one table starts
nothing by itself. The manifests of children may declare children too: a tree has at
most 32 levels of manifests and 10,000 children, and no manifest declares itself,
directly or through others.

` + "```toml" + `
[supervision]
strategy = "rest-for-one"

[[child]]
id = "ledger"
manifest = "ledger/manifest.toml"

[[child]]
id = "till"
manifest = "till"
restart = "transient"
shutdown = "brutal-kill"
` + "```" + `

`,
}

const intro = "<!-- Made from the table in actors/manifest by `go test ./actors/manifest -update`. -->\n" + `
# The manifest

An actor is described by a TOML file, ` + "`manifest.toml`" + `:

` + "```toml" + `
name = "counter"
version = "0.1.0"
package = "counter.wasm"

[[handler]]
type = "runtime"

[[handler]]
type = "message-server"
` + "```" + `

Reading is strict: an unknown key, a wrong type, a value out of range or a missing
key is an error with file, line, column and key, and all of them are reported at
once. ` + "`theater validate manifest.toml`" + ` checks a manifest without running it.

A *duration* is a string such as ` + "`\"500ms\"`, `\"5s\"` or `\"1h30m\"`" + `. A *size* is a string
such as ` + "`\"64MiB\"`" + ` (units B, KiB, MiB, GiB) or an integer of bytes. A file may have
1 MiB, 10,000 keys and 32 levels. Keys without a default are absent unless written.
`

const outro = `
A capability that is not named inherits. The names are those of Theater
(` + "`message_server`, `file_system`, `http_client`, `http_framework`, `runtime`, `supervisor`, `store`, `timing`, `process`, `environment`, `random`" + `)
and those of the handlers of this build. A capability without a handler in this build
can be inherited and disallowed, not restricted.
`

// FuzzParse holds that no input panics and that what is refused says where.
func FuzzParse(f *testing.F) {
	f.Add([]byte(head))
	f.Add([]byte(head + "[[handler]]\ntype = \"message-server\"\npeers = [{host = \"a\"}, {port = 1}]\n[[handler.peers]]\n"))
	f.Add([]byte("a.b.c = [[1], {x = 2}]\n[a.b]\n[[a.b.d]]\n[a.b.d.e]\n"))
	f.Add([]byte("[limits]\nmemory = \"9MiB\"\nturn_time = 1979-05-27T07:32:00Z\n[permission_policy]\ntcp = {type = \"restrict\", config = {min = 1}}\n"))
	f.Add([]byte(head + "[supervision]\nstrategy = 'simple-one-for-one'\n[supervision.backoff]\nfactor = nan\ncap = '1ms'\ninitial = '1h'\n[[child]]\nid = 'a'\nmanifest = '../b'\nshutdown = 'infinity'\nsignificant = true\n"))
	f.Add([]byte("[[child]]\nid = 'a'\n[[child]]\nid = 'a'\nx = 1\n[child.y]\n[supervision.backoff.z]\nsupervision.backoff = 1\n"))
	f.Add([]byte("[[handler]]\n[handler.x]\n[[handler]]\ntype = 'tcp'\nx.y = 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := manifest.Parse(data, "f", registry{})
		if (m == nil) == (err == nil) {
			t.Fatalf("manifest %v, error %v", m, err)
		}
		if problems, ok := err.(manifest.Errors); err != nil && (!ok || len(problems) == 0) {
			t.Fatalf("an error of type %T: %v", err, err)
		}
	})
}
