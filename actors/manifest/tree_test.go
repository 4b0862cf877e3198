package manifest_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors/manifest"
)

// named is a manifest with a name and children, which are given as "id path".
func named(name string, children ...string) string {
	text := fmt.Sprintf("name = %q\nversion = \"1\"\npackage = \"a.wasm\"\n", name)
	for _, c := range children {
		id, path, _ := strings.Cut(c, " ")
		text += fmt.Sprintf("[[child]]\nid = %q\nmanifest = %q\n", id, path)
	}
	return text
}

// outline prints a tree: ids, and the names of their manifests.
func outline(m *manifest.Manifest) string {
	var inner []string
	for _, c := range m.Children {
		if c.Manifest == nil {
			inner = append(inner, c.ID+":?")
			continue
		}
		inner = append(inner, c.ID+":"+outline(c.Manifest))
	}
	if inner == nil {
		return m.Name
	}
	return m.Name + "(" + strings.Join(inner, " ") + ")"
}

func TestLoadReadsTheWholeTree(t *testing.T) {
	dir := folder(t, map[string]string{
		"top/manifest.toml":       named("top", "x floor", "y ../other/y.toml", "z floor/manifest.toml"),
		"top/floor/manifest.toml": named("floor", "leaf leaf.toml"),
		"top/floor/leaf.toml":     named("leaf"),
		"other/y.toml":            named("why"),
	})
	m, err := manifest.Load(filepath.Join(dir, "top"), registry{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := outline(m), "top(x:floor(leaf:leaf) y:why z:floor(leaf:leaf))"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	x, y, z := m.Children[0], m.Children[1], m.Children[2]
	if x.Manifest != z.Manifest {
		t.Error("a file that two children have is not shared")
	}
	if x.Manifest.Dir != filepath.Join(dir, "top", "floor") || y.Manifest.File != filepath.Join(dir, "other", "y.toml") {
		t.Errorf("dir %s, file %s", x.Manifest.Dir, y.Manifest.File)
	}
}

func TestAChildThatDeclaresChildrenIsASupervisorUnlessTheFileSaysOtherwise(t *testing.T) {
	dir := folder(t, map[string]string{
		"manifest.toml": named("top", "a floor.toml", "b leaf.toml") +
			"[[child]]\nid = \"c\"\nmanifest = \"floor.toml\"\ntype = \"worker\"\n" +
			"[[child]]\nid = \"d\"\nmanifest = \"floor.toml\"\nshutdown = \"1s\"\n",
		"floor.toml": named("floor", "leaf leaf.toml"),
		"leaf.toml":  named("leaf"),
	})
	m, err := manifest.Load(dir, registry{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range m.Children {
		got = append(got, fmt.Sprintf("%s %s %s", c.ID, c.Type, c.Shutdown))
	}
	if want := "a supervisor infinity, b worker 5s, c worker 5s, d supervisor 1s"; strings.Join(got, ", ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, ", "), want)
	}
}

func TestParseReadsNoChildrenUntilItIsAskedTo(t *testing.T) {
	dir := folder(t, map[string]string{"floor.toml": named("floor", "b leaf.toml"), "leaf.toml": named("leaf")})
	m, err := manifest.Parse([]byte(named("top", "a floor.toml")), filepath.Join(dir, "manifest.toml"), registry{})
	if err != nil {
		t.Fatal(err)
	}
	if m.Children[0].Manifest != nil {
		t.Error("the child was read")
	}
	for range 2 {
		if err := m.LoadChildren(registry{}); err != nil {
			t.Fatal(err)
		}
		if got := outline(m); got != "top(a:floor(b:leaf))" {
			t.Errorf("got %s", got)
		}
	}
}

func TestChildrenThatAreThereStayAndTheirsAreLoaded(t *testing.T) {
	dir := folder(t, map[string]string{"leaf.toml": named("leaf")})
	inner, err := manifest.Parse([]byte(named("inner", "b leaf.toml")), filepath.Join(dir, "inner.toml"), registry{})
	if err != nil {
		t.Fatal(err)
	}
	m := parse(t, named("top", "a nowhere.toml"))
	m.Children[0].Attach(inner)
	if err := m.LoadChildren(registry{}); err != nil {
		t.Fatal(err)
	}
	if got := outline(m); got != "top(a:inner(b:leaf))" {
		t.Errorf("got %s", got)
	}
	inner.Children[0].Attach(m)
	if err := m.LoadChildren(registry{}); err == nil || !strings.Contains(err.Error(), "declares itself through others") {
		t.Errorf("a cycle that a program made: %v", err)
	}
}

func TestTheProblemsOfATreeAreReportedTogether(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"each file's in its own lines, in the order in which they are declared", map[string]string{
			"manifest.toml":   named("top", "a a.toml", "b nowhere", "c c.toml") + "x = 1\n",
			"a.toml":          "name = \"a\"\nversion = 1\n",
			"c.toml":          named("c", "d d/manifest.toml"),
			"d/manifest.toml": named("d") + "[supervision]\nperiod = 5\n",
		}, []string{
			"manifest.toml:9:1: child[1].manifest: there is no file nowhere",
			"manifest.toml:13:1: child[2].x: unknown key (known are id, manifest, restart, shutdown, type, significant, initial_state)",
			"a.toml:1:1: package: is missing", "a.toml:2:1: version: must be a string, not an integer",
			`d/manifest.toml:5:1: supervision.period: must be a duration like "500ms" or "5s", not an integer`}},
		{"a folder without a manifest, at the child that refers to it", map[string]string{
			"manifest.toml": named("top", "a a"), "a/README": ""}, []string{
			"manifest.toml:6:1: child[0].manifest: there is no file a/manifest.toml"}},
		{"a file that is no manifest, once for all that refer to it", map[string]string{
			"manifest.toml": named("top", "a a.wasm", "b a.wasm"), "a.wasm": "\x00asm"}, []string{
			"a.wasm:1:1: invalid character at start of key: U+0000"}},
		{"a file that is too large, at the child that refers to it", map[string]string{
			"manifest.toml": named("top", "a a.toml"), "a.toml": strings.Repeat("#", 1<<20+1)}, []string{
			"manifest.toml:6:1: child[0].manifest: read a.toml: larger than 1MiB"}},
		{"a manifest that declares itself", map[string]string{
			"manifest.toml": named("top", "a .")}, []string{
			"manifest.toml:6:1: child[0].manifest: declares itself through others: manifest.toml -> manifest.toml"}},
		{"a manifest that declares itself through others, with the cycle", map[string]string{
			"manifest.toml": named("top", "a a.toml"), "a.toml": named("a", "b b.toml"), "b.toml": named("b", "c a.toml", "d ../DIR")}, []string{
			"b.toml:6:1: child[0].manifest: declares itself through others: a.toml -> b.toml -> a.toml",
			"b.toml:9:1: child[1].manifest: there is no file ../DIR"}},
		{"a child with a file that is refused, once", map[string]string{
			"manifest.toml": named("top", "a store://x")}, []string{
			"manifest.toml:6:1: child[0].manifest: must be a file path, not a URL"}},
		{"a child without a file, once", map[string]string{
			"manifest.toml": named("top") + "[[child]]\nid = \"a\"\n"}, []string{
			"manifest.toml:4:3: child[0].manifest: is missing"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(folder(t, c.files))
			m, err := manifest.Load("manifest.toml", registry{})
			if err == nil || m != nil {
				t.Fatalf("got %v, %v", m, err)
			}
			if want := strings.Join(c.want, "\n"); filepath.ToSlash(err.Error()) != want {
				t.Errorf("got\n%s\nwant\n%s", err, want)
			}
		})
	}
}

func TestACycleIsFoundHoweverTheTopIsWritten(t *testing.T) {
	t.Chdir(folder(t, map[string]string{"a/manifest.toml": named("top", "a ../a")}))
	for _, path := range []string{"a", "./a", "a/../a/manifest.toml"} {
		_, err := manifest.Load(path, registry{})
		if err == nil || strings.Count(err.Error(), "->") != 1 {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestAMissingChildIsAnErrorsThatWrapsTheSystems(t *testing.T) {
	dir := folder(t, map[string]string{"manifest.toml": named("top", "a nowhere")})
	_, err := manifest.Load(dir, registry{})
	var problems manifest.Errors
	if !errors.As(err, &problems) || len(problems) != 1 || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestAfterAnErrorTheSoundChildrenAreLoaded(t *testing.T) {
	dir := folder(t, map[string]string{"good.toml": named("good"), "bad.toml": "x = 1", "above.toml": named("above", "c good.toml", "d bad.toml")})
	m, err := manifest.Parse([]byte(named("top", "a bad.toml", "b good.toml", "e above.toml")), filepath.Join(dir, "manifest.toml"), registry{})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.LoadChildren(registry{}); err == nil {
		t.Error("a bad child is no error")
	}
	if got := outline(m); got != "top(a:? b:good e:?)" {
		t.Errorf("got %s", got)
	}
}

// deep returns n files, each of which declares the next one, times over.
func deep(n, times int) map[string]string {
	files := map[string]string{}
	for i := range n {
		var children []string
		for j := range times {
			children = append(children, fmt.Sprintf("c%d %d.toml", j, i+1))
		}
		files[fmt.Sprintf("%d.toml", i)] = named("n", children...)
	}
	files[fmt.Sprintf("%d.toml", n)] = named("last")
	return files
}

func TestATreeHasBounds(t *testing.T) {
	many := make([]string, 100)
	for i := range many {
		many[i] = fmt.Sprintf("c%d 1.toml", i)
	}
	wide := func(last int) map[string]string {
		return map[string]string{"0.toml": named("top", many...), "1.toml": named("mid", strings.Split(strings.Repeat("x 2.toml,", last), ",")[:last]...), "2.toml": named("leaf")}
	}
	unique := func(files map[string]string) map[string]string {
		for i := 0; strings.Contains(files["1.toml"], "id = \"x\""); i++ {
			files["1.toml"] = strings.Replace(files["1.toml"], "id = \"x\"", fmt.Sprintf("id = \"x%d\"", i), 1)
		}
		return files
	}
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string // part of the error; empty where there is none
	}{
		{"32 levels", deep(31, 1), ""},
		{"33 levels", deep(32, 1), "31.toml:6:1: child[0].manifest: is more than 32 levels from the top"},
		{"10,000 actors", unique(wide(99)), ""},
		{"10,100 actors", unique(wide(100)), "0.toml:303:1: child[99].manifest: is one of more than 10000 actors that are declared together"},
		{"four billion actors in 33 small files", deep(31, 2), "is one of more than 10000 actors that are declared together"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := manifest.Load(filepath.Join(folder(t, c.files), "0.toml"), registry{})
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestALevelIsCountedAlongEachWay(t *testing.T) {
	files := deep(30, 1) // 0 to 30: 31 levels
	files["top.toml"] = named("top", "short 0.toml", "long between.toml")
	files["between.toml"] = named("between", "c 0.toml")
	_, err := manifest.Load(filepath.Join(folder(t, files), "top.toml"), registry{})
	if err == nil || !strings.Contains(err.Error(), "between.toml:6:1: child[0].manifest: is more than 32 levels") {
		t.Errorf("got %v", err)
	}
}

func TestAFolderThatLinksToItselfEnds(t *testing.T) {
	dir := folder(t, map[string]string{"manifest.toml": named("top", "a self", "b self/self")})
	if err := os.Symlink(".", filepath.Join(dir, "self")); err != nil {
		t.Skip(err)
	}
	if _, err := manifest.Load(dir, registry{}); err == nil || !strings.Contains(err.Error(), "levels from the top") {
		t.Errorf("got %v", err)
	}
}

func TestAFloodOfProblemsInATreeIsCut(t *testing.T) {
	files, children := map[string]string{}, []string{}
	for i := range 300 {
		children = append(children, fmt.Sprintf("c%d %d.toml", i, i))
		files[fmt.Sprintf("%d.toml", i)] = "x = 1"
	}
	files["manifest.toml"] = named("top", children...)
	_, err := manifest.Load(folder(t, files), registry{})
	var problems manifest.Errors
	if !errors.As(err, &problems) || len(problems) != 101 || !strings.HasSuffix(problems[100].Reason, "more problems") {
		t.Errorf("got %d problems: %v", len(problems), err)
	}
}
