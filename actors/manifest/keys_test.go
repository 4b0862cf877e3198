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
	text := map[string]string{"": head}
	for _, k := range manifest.Keys() {
		group, leaf, nested := strings.Cut(k.Key, ".")
		if !nested {
			group, leaf = "", k.Key
		}
		if k.Default != "" && k.Default != "required" && group != "handler" && group != "permission_policy" {
			text[group] += leaf + " = " + k.Default + "\n"
		}
	}
	whole := text[""]
	for _, group := range []string{"limits", "chain", "supervision"} {
		whole += "[" + group + "]\n" + text[group]
	}
	silent, explicit := parse(t, head), parse(t, whole)
	if explicit.Limits != silent.Limits || explicit.Chain != silent.Chain || explicit.Supervision != silent.Supervision ||
		explicit.StaticPackage != silent.StaticPackage || explicit.Description != silent.Description {
		t.Errorf("explicit defaults give %+v, silence gives %+v", explicit, silent)
	}
	if strings.Count(whole, "\n") < 15 {
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
	if !slices.Equal(required, []string{"name", "version", "package", "handler.type", "permission_policy.<capability>.type"}) {
		t.Errorf("required are %v", required)
	}
}

// render prints the table of keys as the document.
func render(keys []manifest.KeyDoc) []byte {
	var b bytes.Buffer
	b.WriteString(intro)
	section := ""
	for _, k := range keys {
		group, leaf, nested := strings.Cut(k.Key, ".")
		if !nested {
			group, leaf = "", k.Key
		}
		if group != section || b.Len() == len(intro) {
			section = group
			b.WriteString("\n" + headings[group] + "\n\n| key | type | unit | default | meaning |\n|---|---|---|---|---|\n")
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

var headings = map[string]string{
	"":                  "## Top level",
	"limits":            "## `[limits]`",
	"chain":             "## `[chain]`",
	"supervision":       "## `[supervision]`",
	"handler":           "## `[[handler]]`",
	"permission_policy": "## `[permission_policy]`",
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
