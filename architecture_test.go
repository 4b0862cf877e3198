// Package theater_test holds the project to its own rules: which folder may
// import what, and which goroutines there are.
package theater_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const modulePath = "github.com/theater-go/theater"

// rule says what the packages in a folder may import of ours and of others. A
// package falls under the rule of the longest folder that holds it. Packages
// under the same rule may import each other; the standard library is free to
// all. Test files may import any package of ours.
type rule struct {
	folder string   // "host/*" stands for each folder in host
	ours   []string // folders; "actors/..." is actors and all below it
	others []string // module paths
}

// layout is the import table: the only edges there are.
var layout = []rule{
	{"cli/theater", []string{"cli"}, nil},
	{"cli", []string{"cli/top", "actors/...", "chain/...", "wasm", "wasm/pack", "wasm/guest", "proto"}, []string{"github.com/urfave/cli/v2", "github.com/goccy/go-yaml", "google.golang.org/protobuf", "golang.org/x/term", "github.com/schollz/progressbar/v3"}},
	{"cli/top", nil, []string{"charm.land/bubbletea/v2", "github.com/charmbracelet/x/ansi"}},

	{"actors", []string{"actors/manifest", "supervision", "host", "wasm", "wasm/pack", "chain", "chain/replay"}, []string{"github.com/asynkron/protoactor-go"}},
	{"actors/manifest", []string{"wasm/pack"}, []string{"github.com/pelletier/go-toml/v2"}},
	{"actors/node", []string{"actors/...", "supervision", "host", "host/*", "wasm", "wasm/pack", "wasm/guest", "chain/...", "proto"}, []string{"github.com/coreos/go-systemd/v22", "google.golang.org/protobuf"}},
	{"actors/api", []string{"actors", "actors/manifest", "chain", "proto", "wasm", "wasm/pack"}, []string{"connectrpc.com/connect", "google.golang.org/protobuf", "golang.org/x/time"}},
	{"actors/observe", []string{"actors"}, []string{"github.com/prometheus/client_golang"}},
	{"actors/inspector", []string{"actors/api"}, nil},
	{"actors/bench", []string{"..."}, []string{"..."}},
	{"actors/cluster", []string{"actors", "chain", "proto"}, []string{"github.com/asynkron/protoactor-go", "github.com/nats-io/nats-server/v2", "github.com/nats-io/nats.go"}},

	{"supervision", nil, []string{"github.com/asynkron/protoactor-go"}},

	{"host", []string{"wasm/pack"}, nil},
	{"host/*", []string{"host", "wasm/pack"}, nil},

	{"wasm", []string{"wasm/pack"}, []string{"github.com/tetratelabs/wazero"}},
	{"wasm/pack", nil, nil},
	{"wasm/guest", []string{"wasm/pack"}, nil},
	{"wasm/wasmtest", []string{"wasm/pack"}, nil}, // for tests

	{"chain", []string{"wasm/pack"}, nil},
	{"chain/badgerlog", []string{"chain", "chain/badgerlog/..."}, []string{"github.com/dgraph-io/badger/v4", "github.com/klauspost/compress", "golang.org/x/mod"}},
	{"chain/badgerlog/internal/dbfile", []string{"chain", "chain/badgerlog/platform"}, []string{"github.com/dgraph-io/badger/v4"}},
	{"chain/badgerlog/internal/merkle", []string{"chain"}, []string{"golang.org/x/mod"}},
	{"chain/badgerlog/platform", []string{"chain"}, nil},
	{"chain/memlog", []string{"chain"}, nil},
	{"chain/chaintest", []string{"chain"}, nil}, // for tests
	{"chain/replay", []string{"chain", "wasm", "wasm/pack"}, nil},

	{"proto", nil, []string{"google.golang.org/protobuf", "connectrpc.com/connect"}},
	{"examples", []string{"wasm/guest"}, nil}, // guests
}

// testLibraries are what test files may import of others, besides what their folder may.
var testLibraries = []string{"go.uber.org/goleak", "pgregory.net/rapid", "github.com/rogpeppe/go-internal", "github.com/santhosh-tekuri/jsonschema/v6"}

// topLevel are the folders that the project has, besides those that git or a
// tool keeps to itself.
var topLevel = []string{"actors", "chain", "cli", "docs", "examples", "host", "proto", "supervision", "wasm"}

func TestEveryImportIsInTheLayout(t *testing.T) {
	for _, violation := range importViolations(t, os.DirFS(".")) {
		t.Error(violation)
	}
}

func TestTheTopLevelIsFixed(t *testing.T) {
	for _, violation := range topLevelViolations(t, os.DirFS(".")) {
		t.Error(violation)
	}
}

func TestAForbiddenImportIsCaught(t *testing.T) {
	file := func(imports ...string) *fstest.MapFile {
		var b strings.Builder
		b.WriteString("package p\n")
		for _, i := range imports {
			fmt.Fprintf(&b, "import _ %q\n", strings.Replace(i, "ours/", modulePath+"/", 1))
		}
		return &fstest.MapFile{Data: []byte(b.String())}
	}
	for name, c := range map[string]struct {
		path  string
		file  *fstest.MapFile
		wants []string // parts of the one violation; none when it is allowed
	}{
		"an import that the table lacks":                   {"chain/a.go", file("ours/wasm"), []string{"chain imports wasm", "may import wasm/pack"}},
		"a parent that imports the composition root":       {"actors/a.go", file("ours/actors/node"), []string{"actors imports actors/node"}},
		"one capability that imports another":              {"host/store/a.go", file("ours/host/timer"), []string{"host/store imports host/timer"}},
		"a leaf that imports ours":                         {"supervision/a.go", file("ours/actors"), []string{"supervision imports actors", "none of ours"}},
		"another's third party":                            {"actors/node/a.go", file("github.com/tetratelabs/wazero"), []string{"actors/node imports github.com/tetratelabs/wazero", "standard library"}},
		"a module path that is only a prefix":              {"wasm/a.go", file("github.com/tetratelabs/wazero2"), []string{"wasm imports github.com/tetratelabs/wazero2"}},
		"the command line used from below":                 {"actors/node/a.go", file("ours/cli"), []string{"actors/node imports cli"}},
		"a test library outside tests":                     {"chain/a.go", file("go.uber.org/goleak"), []string{"chain imports go.uber.org/goleak"}},
		"a package for tests outside tests":                {"chain/memlog/a.go", file("ours/chain/chaintest"), []string{"chain/memlog imports chain/chaintest"}},
		"a third party in the test of another folder":      {"chain/a_test.go", file("github.com/dgraph-io/badger/v4"), []string{"chain imports github.com/dgraph-io/badger/v4"}},
		"a package that no rule covers":                    {"util/a.go", file("fmt"), []string{"util", "no rule"}},
		"an import that the table has":                     {"chain/replay/a.go", file("ours/wasm", "ours/chain", "fmt"), nil},
		"packages under one rule":                          {"wasm/guest/message/a.go", file("ours/wasm/guest/internal/abi"), nil},
		"a pattern with everything below":                  {"cli/a.go", file("ours/chain/badgerlog", "ours/actors", "github.com/urfave/cli/v2"), nil},
		"a package inside the folder's third party":        {"wasm/a.go", file("github.com/tetratelabs/wazero/api"), nil},
		"a test that uses another folder of ours":          {"examples/counter/a_test.go", file("ours/actors/node"), nil},
		"a test library in a test":                         {"chain/a_test.go", file("go.uber.org/goleak"), nil},
		"the benchmark folder, where anything may be used": {"actors/bench/a.go", file("ours/cli", "example.com/other"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			found := importViolations(t, fstest.MapFS{c.path: c.file})
			if len(found) != min(len(c.wants), 1) {
				t.Fatalf("violations: %q", found)
			}
			for _, want := range c.wants {
				if !strings.Contains(found[0], want) {
					t.Errorf("violation %q does not say %q", found[0], want)
				}
			}
		})
	}
}

func TestAnotherFolderAtTheTopIsCaught(t *testing.T) {
	fsys := fstest.MapFS{
		"actors/a.go": {}, ".ci/run": {}, "bin/theater": {}, "go.mod": {}, "pkg/a.go": {},
	}
	found := topLevelViolations(t, fsys)
	if len(found) != 1 || !strings.Contains(found[0], "pkg") {
		t.Errorf("violations: %q", found)
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range sources(t, os.DirFS("."), parser.ParseComments|parser.PackageClauseOnly) {
		if folder := path.Dir(f.path); !f.test && !ast.IsGenerated(f.syntax) {
			documented[folder] = documented[folder] || f.syntax.Doc != nil
		}
	}
	for folder, ok := range documented {
		if !ok {
			t.Errorf("package %s has no comment: what it is for, what it never does, who may import it", folder)
		}
	}
}

func importViolations(t *testing.T, fsys fs.FS) []string {
	var found []string
	for _, f := range sources(t, fsys, parser.ImportsOnly) {
		folder := path.Dir(f.path)
		if folder == "." {
			continue // these tests
		}
		r, home, ok := ruleOf(folder)
		if !ok {
			found = append(found, fmt.Sprintf("%s: there is no rule for package %s in layout", f.path, folder))
			continue
		}
		for _, spec := range f.syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if why := forbids(r, home, f.test, imported); why != "" {
				found = append(found, fmt.Sprintf("%s: %s imports %s; %s", f.path, folder, strings.TrimPrefix(imported, modulePath+"/"), why))
			}
		}
	}
	return found
}

// forbids says why a file under the rule may not import a package, or "".
func forbids(r rule, home string, test bool, imported string) string {
	own, ours := strings.CutPrefix(imported, modulePath+"/")
	first, _, _ := strings.Cut(imported, "/")
	switch {
	case ours && test:
		return ""
	case ours:
		target, place, ok := ruleOf(own)
		if ok && (place == home || slices.ContainsFunc(r.ours, func(pattern string) bool { return matches(pattern, place, target.folder) })) {
			return ""
		}
		return fmt.Sprintf("%s may import %s", home, cmp.Or(strings.Join(r.ours, ", "), "none of ours"))
	case !strings.Contains(first, "."): // the standard library
		return ""
	}
	allowed := r.others
	if test {
		allowed = slices.Concat(allowed, testLibraries)
	}
	for _, module := range allowed {
		if module == "..." || imported == module || strings.HasPrefix(imported, module+"/") {
			return ""
		}
	}
	return fmt.Sprintf("%s may use %s", home, strings.Join(append([]string{"the standard library"}, r.others...), ", "))
}

// ruleOf finds the rule for a package and the folder that stands for it: the
// longest that has a rule.
func ruleOf(pkg string) (r rule, home string, ok bool) {
	for home = pkg; home != "."; home = path.Dir(home) {
		for _, r := range layout {
			if r.folder == home {
				return r, home, true
			}
		}
		for _, r := range layout {
			if match, _ := path.Match(r.folder, home); match {
				return r, home, true
			}
		}
	}
	return rule{}, "", false
}

// matches reports whether a pattern of rule.ours covers a folder and its rule.
func matches(pattern, folder, ruled string) bool {
	if root, all := strings.CutSuffix(pattern, "..."); all {
		return strings.HasPrefix(folder+"/", root)
	}
	return pattern == folder || pattern == ruled
}

func topLevelViolations(t *testing.T, fsys fs.FS) []string {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		if name := e.Name(); e.IsDir() && !hidden(name) && !slices.Contains(topLevel, name) {
			found = append(found, fmt.Sprintf("folder %s: the top level has %s and no other", name, strings.Join(topLevel, ", ")))
		}
	}
	return found
}

func hidden(name string) bool {
	return name != "." && strings.HasPrefix(name, ".") || name == "bin"
}

type source struct {
	path   string
	test   bool
	syntax *ast.File
}

// sources parses every Go file of the project, for whatever system it is.
func sources(t *testing.T, fsys fs.FS, mode parser.Mode) []source {
	t.Helper()
	var all []source
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (hidden(d.Name()) || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || path.Ext(p) != ".go":
			return nil
		}
		code, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), p, code, mode)
		if err != nil {
			return err
		}
		all = append(all, source{path: p, test: strings.HasSuffix(p, "_test.go"), syntax: syntax})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
