package theater_test

import (
	"go/ast"
	"go/parser"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// Goroutines of these are a matter of tests, benchmarks and guests.
var noPage = []string{"actors/bench", "chain/chaintest", "wasm/wasmtest", "examples"}

// A row of the page names where its goroutine is started in its second column.
var startedIn = regexp.MustCompile("(?m)^\\| [^|]+ \\| `([^`]+)` \\|")

func TestThePageOfGoroutinesIsComplete(t *testing.T) {
	page, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, row := range startedIn.FindAllStringSubmatch(string(page), -1) {
		named = append(named, row[1])
	}
	starts := goroutineStarts(t, os.DirFS("."))
	for _, place := range starts {
		if !slices.Contains(named, place) {
			t.Errorf("%s starts a goroutine or a timer's function that no row of CONTRIBUTING.md's table names", place)
		}
	}
	for _, place := range named {
		if !slices.Contains(starts, place) {
			t.Errorf("CONTRIBUTING.md has a row for %s, which starts no goroutine", place)
		}
	}
}

func TestEveryWayToStartAGoroutineIsSeen(t *testing.T) {
	fsys := fstest.MapFS{
		"chain/a.go": {Data: []byte(`package chain
func plain() { go func() {}() }
func (l *Log) method() { if true { go l.run() } }
func (q queue[T]) generic() { group.Go(q.run) }
func timer() { time.AfterFunc(1, func() {}) }
func none() { other() }
`)},
		"chain/a_test.go":        {Data: []byte("package chain\nfunc inTest() { go f() }\n")},
		"chain/chaintest/a.go":   {Data: []byte("package chaintest\nfunc forTests() { go f() }\n")},
		"examples/counter/go.go": {Data: []byte("package main\nfunc guest() { go f() }\n")},
	}
	want := []string{"chain.Log.method", "chain.plain", "chain.queue.generic", "chain.timer"}
	if found := goroutineStarts(t, fsys); !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
}

// goroutineStarts lists the functions that start goroutines, each by its
// folder, receiver and name, sorted.
func goroutineStarts(t *testing.T, fsys fs.FS) []string {
	var found []string
	for _, f := range sources(t, fsys, parser.SkipObjectResolution) {
		folder := path.Dir(f.path)
		exempt := func(e string) bool { return strings.HasPrefix(folder+"/", e+"/") }
		if f.test || slices.ContainsFunc(noPage, exempt) {
			continue
		}
		for _, d := range f.syntax.Decls {
			name := folder + "."
			if fn, ok := d.(*ast.FuncDecl); ok {
				name += receiver(fn) + fn.Name.Name
			}
			ast.Inspect(d, func(n ast.Node) bool {
				if startsGoroutine(n) {
					found = append(found, name)
				}
				return true
			})
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func startsGoroutine(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		return true
	case *ast.CallExpr:
		f, ok := n.Fun.(*ast.SelectorExpr)
		return ok && (f.Sel.Name == "Go" || f.Sel.Name == "AfterFunc")
	}
	return false
}

func receiver(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return ""
	}
	typ := fn.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return t.Name + "."
		default:
			return ""
		}
	}
}
