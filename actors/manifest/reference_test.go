package manifest_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors/manifest"
)

// secret stands in every file that a guest must not learn about.
const secret = "s3cret"

// house is a folder with an actor's own folder, home, beside other files that
// its guest must not reach, and links from home to them where there are links.
func house(t testing.TB) (home string, links bool) {
	t.Helper()
	dir := folder(t, map[string]string{
		"manifest.toml":                     named(secret),
		secret + ".toml":                    named(secret),
		"a.wasm":                            secret,
		"home/manifest.toml":                named("home"),
		"home/kid.toml":                     named("kid"),
		"home/a.wasm":                       "home's",
		"home/rooms/kid/manifest.toml":      named("room", "near ../near.toml", "far ../../kid.toml"),
		"home/rooms/kid/a.wasm":             "room's",
		"home/rooms/near.toml":              named("near"),
		"home/bad.toml":                     "name = \"" + secret + "\"\n" + secret + " = 1\n",
		"home/worse.toml":                   named("worse", "a bad.toml", "b ../manifest.toml"),
		"home/broken.toml":                  "= " + secret,
		"home/big.toml":                     strings.Repeat("#", 1<<20+1),
		"home/out.toml":                     named("out", "a ../manifest.toml"),
		"home/abs.toml":                     named("abs", "a "+filepath.ToSlash(filepath.Join(t.TempDir(), "manifest.toml"))),
		"home/loop.toml":                    named("loop", "a loop.toml"),
		"home/packages/up.toml":             strings.Replace(named("up"), "a.wasm", "../a.wasm", 1),
		"home/packages/over.toml":           strings.Replace(named("over"), "a.wasm", "../../a.wasm", 1),
		"home/packages/link.toml":           strings.Replace(named("link"), "a.wasm", "link.wasm", 1),
		"home/packages/none.toml":           strings.Replace(named("none"), "a.wasm", "none.wasm", 1),
		"home/packages/folder.toml":         strings.Replace(named("folder"), "a.wasm", "../rooms", 1),
		"home/packages/pinned.toml":         strings.Replace(named("pinned"), "a.wasm", "../a.wasm", 1) + "sha256 = \"" + strings.Repeat("0", 64) + "\"\n",
		"home/packages/child/manifest.toml": named("child"),
	})
	home = filepath.Join(dir, "home")
	err := errors.Join(
		os.Symlink("..", filepath.Join(home, "up")),
		os.Symlink(filepath.Join(dir, "manifest.toml"), filepath.Join(home, "link.toml")),
		os.Symlink("../../a.wasm", filepath.Join(home, "packages", "link.wasm")),
		os.Symlink("../kid.toml", filepath.Join(home, "packages", "inner.toml")),
	)
	return home, err == nil
}

// at loads the manifest of an actor whose guest names others.
func at(t testing.TB, path string) *manifest.Manifest {
	t.Helper()
	m, err := manifest.Load(path, registry{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAGuestNamesManifestsBelowItsOwn(t *testing.T) {
	home, links := house(t)
	m := at(t, home)
	for ref, want := range map[string]string{
		"kid.toml":                "kid",
		"./kid.toml":              "kid",
		".":                       "home",
		"rooms/kid":               "room(near:near far:kid)",
		"rooms/kid/":              "room(near:near far:kid)",
		"rooms/kid/manifest.toml": "room(near:near far:kid)",
		"packages/inner.toml":     "kid",
		"packages/child":          "child",
	} {
		if strings.Contains(ref, "inner") && !links {
			continue
		}
		got, err := m.Reference(ref, registry{})
		if err != nil {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		if outline(got) != want || filepath.IsAbs(got.File) {
			t.Errorf("%s: got %s in %s, want %s", ref, outline(got), got.File, want)
		}
	}
	got, err := m.Reference("rooms/kid", registry{})
	if err != nil || got.Dir != filepath.Join(home, "rooms", "kid") || filepath.ToSlash(got.File) != "rooms/kid/manifest.toml" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAReferenceThatIsRefusedTellsTheGuestNoMoreThanThat(t *testing.T) {
	home, links := house(t)
	m := at(t, home)
	const escapes = "cannot be read: path escapes from parent"
	for ref, want := range map[string]string{
		"":                        "is empty",
		"nobody.toml":             "is not there",
		"kid.toml/x":              "cannot be read",
		"rooms":                   "is not there",
		"../manifest.toml":        "has .. in it",
		"rooms/../kid.toml":       "has .. in it",
		"..":                      "has .. in it",
		filepath.ToSlash(home):    "is an absolute path",
		"/kid.toml":               "is an absolute path",
		"store://x/y":             "is in a store",
		"http://a/b":              "is a URL",
		"https://a/b":             "is a URL",
		"a\x1b[2J":                "has control characters",
		"a\x00":                   "has control characters",
		strings.Repeat("x", 2000): "is longer than 1024 bytes",
		strings.Repeat("x", 1000): "cannot be read: ",
		"bad.toml":                "is not valid: it has 3 problems, which theater validate bad.toml shows",
		"worse.toml":              "is not valid: it has 3 problems, which theater validate worse.toml shows",
		"broken.toml":             "is not valid: it has 1 problem, which theater validate broken.toml shows",
		"big.toml":                "cannot be read: larger than 1MiB",
		"loop.toml":               "is not valid: it has 1 problem",
		"out.toml":                "is not valid: it declares children whose manifests cannot be read in the folder of the actor's own manifest",
		"abs.toml":                "is not valid: it declares children whose manifests cannot be read in the folder of the actor's own manifest",
		"up":                      escapes,
		"up/manifest.toml":        escapes,
		"link.toml":               escapes,
	} {
		if want == escapes && !links {
			continue
		}
		got, err := m.Reference(ref, registry{})
		var refused *manifest.ReferenceError
		if got != nil || !errors.As(err, &refused) || !strings.HasPrefix(refused.Reason, want) {
			t.Errorf("%.40q: got %v, %v; want %s", ref, got, err, want)
			continue
		}
		if text := strings.Replace(err.Error(), ref, "", 1); strings.Contains(text, secret) || strings.Contains(text, filepath.Dir(home)) || len(text) > 300 {
			t.Errorf("%.40q: the guest is told %s", ref, text)
		}
		if missing := want == "is not there"; errors.Is(err, fs.ErrNotExist) != missing && !strings.HasPrefix(want, "is not valid") {
			t.Errorf("%.40q: not there is %v", ref, !missing)
		}
	}
}

func TestThePackageOfWhatAGuestNamesLiesBelowItsOwnManifest(t *testing.T) {
	home, links := house(t)
	m := at(t, home)
	for name, want := range map[string]string{
		"up":     "home's",
		"over":   "package: leads out of the folder",
		"link":   "package: path escapes from parent",
		"none":   "package: there is no file none.wasm",
		"folder": "package: not a regular file",
		"pinned": "sha256: pins another file than ../a.wasm",
	} {
		if name == "link" && !links {
			continue
		}
		kid, err := m.Reference("packages/"+name+".toml", registry{})
		if err != nil {
			t.Fatal(err)
		}
		data, err := kid.ReadPackage()
		if err == nil {
			err = errors.New(string(data))
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), filepath.Dir(home)) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
		if errors.Is(err, fs.ErrNotExist) != (name == "none") {
			t.Errorf("%s: not there is %v", name, name != "none")
		}
	}
	kid, err := m.Reference("kid.toml", registry{})
	if err != nil {
		t.Fatal(err)
	}
	kid.Package = filepath.Join(home, "a.wasm")
	if data, err := kid.ReadPackage(); err == nil {
		t.Errorf("an absolute path: got %s", data)
	}
}

func TestTheChildrenOfWhatAGuestNamesAreConfinedToo(t *testing.T) {
	home, _ := house(t)
	room, err := at(t, home).Reference("rooms/kid", registry{})
	if err != nil {
		t.Fatal(err)
	}
	far := room.Children[1].Manifest
	if data, err := far.ReadPackage(); err != nil || string(data) != "home's" {
		t.Errorf("got %q, %v", data, err)
	}
	far.Package = "../a.wasm"
	if data, err := far.ReadPackage(); err == nil {
		t.Errorf("a package above the folder: got %q", data)
	}
}

func TestWhatAGuestOfAGuestNamesLiesBelowTheNearerManifest(t *testing.T) {
	home, _ := house(t)
	room, err := at(t, home).Reference("rooms/kid", registry{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := room.Reference("../near.toml", registry{}); err == nil {
		t.Error("a manifest above is found")
	}
	// Declared by the operator, ../near.toml is good for room, not for what room names.
	if _, err := room.Reference(".", registry{}); err == nil || !strings.Contains(err.Error(), "cannot be read in the folder") {
		t.Errorf("a child above: %v", err)
	}
	if err := os.WriteFile(filepath.Join(home, "rooms", "kid", "inner.toml"), []byte(strings.Replace(named("inner"), "a.wasm", "../../a.wasm", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	inner, err := room.Reference("inner.toml", registry{})
	if err != nil {
		t.Fatal(err)
	}
	if data, err := inner.ReadPackage(); err == nil {
		t.Errorf("a package above: got %q", data)
	}
	inner.Package = "a.wasm"
	if data, err := inner.ReadPackage(); err != nil || string(data) != "room's" {
		t.Errorf("got %q, %v", data, err)
	}
}

func TestAManifestThatDoesNotKnowItsFolderRefusesReferences(t *testing.T) {
	home, _ := house(t)
	t.Chdir(home)
	for _, name := range []string{"manifest of /x", "manifest.toml", "rooms/manifest.toml", ""} {
		m, err := manifest.Parse([]byte(head), name, registry{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Reference("kid.toml", registry{}); err == nil || !strings.Contains(err.Error(), "it is not known here which folder") {
			t.Errorf("%q: %v", name, err)
		}
	}
	m, err := manifest.Parse([]byte(head), filepath.Join(home, "manifest.toml"), registry{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Reference("kid.toml", registry{}); err != nil {
		t.Errorf("with an absolute name: %v", err)
	}
	if _, err := at(t, "manifest.toml").Reference("kid.toml", registry{}); err != nil {
		t.Errorf("loaded by a relative name: %v", err)
	}
	if err := os.Rename(home, home+"2"); err != nil {
		t.Skip(err)
	}
	if _, err := m.Reference("kid.toml", registry{}); err == nil || strings.Contains(err.Error(), home) {
		t.Errorf("without its folder: %v", err)
	}
}

// FuzzReference holds that nothing a guest names panics, is found outside, or
// tells what is in a file.
func FuzzReference(f *testing.F) {
	for _, ref := range []string{"kid.toml", "rooms/kid", "bad.toml", "up/manifest.toml", "../home/kid.toml", "store://x", "C:\\x", "a\x00b", "link.toml", "./././kid.toml", "//"} {
		f.Add(ref)
	}
	home, _ := house(f)
	m := at(f, home)
	f.Fuzz(func(t *testing.T, ref string) {
		got, err := m.Reference(ref, registry{})
		if (got == nil) == (err == nil) {
			t.Fatalf("manifest %v, error %v", got, err)
		}
		if err != nil && strings.Contains(err.Error(), secret) && !strings.Contains(ref, secret) {
			t.Fatalf("the guest is told %v", err)
		}
		if got != nil && got.Name == secret {
			t.Fatalf("%q is found outside", ref)
		}
	})
}
