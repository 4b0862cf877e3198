package api_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func bundle(files map[string]string) *theaterv1.SpawnRequest {
	b := &theaterv1.Bundle{Manifest: "manifest.toml", Files: map[string][]byte{}}
	for name, text := range files {
		b.Files[name] = []byte(text)
	}
	return &theaterv1.SpawnRequest{Source: &theaterv1.SpawnRequest_Bundle{Bundle: b}}
}

func manifestOf(pkg string) string {
	return "name = \"echo\"\nversion = \"1\"\npackage = \"" + pkg + "\"\n" + grants
}

func TestAClientBringsAnActorAlong(t *testing.T) {
	dir := ""
	s := open(t, func(c *api.Config) { dir = c.Bundles })
	request := bundle(map[string]string{"manifest.toml": manifestOf("lib/echo.wasm"), "lib/echo.wasm": string(echo())})
	for i := range 3 {
		spawned, err := s.Actors.Spawn(s.ctx(), request)
		check(t, err)
		s.ask(spawned.Actor.Path, "hello")
		unpacked, err := filepath.Glob(filepath.Join(dir, "*", "lib", "echo.wasm"))
		if err != nil || len(unpacked) != 1 || len(filepath.Base(filepath.Dir(filepath.Dir(unpacked[0])))) != 64 {
			t.Fatalf("there are %v, %v", unpacked, err)
		}
		switch i { // what has become of it since does no harm
		case 0:
			check(t, os.WriteFile(unpacked[0], []byte("damaged"), 0o600))
		case 1:
			check(t, os.RemoveAll(filepath.Dir(unpacked[0])))
		}
	}
}

func TestABundleStaysInItsFolder(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "echo.wasm")
	check(t, os.WriteFile(outside, echo(), 0o600))
	dir := ""
	s := open(t, func(c *api.Config) { dir = c.Bundles; c.Limits.BundleFiles = 20 })
	code := string(echo())
	many := map[string]string{"manifest.toml": manifestOf("a.wasm")}
	for i := range 20 {
		many[fmt.Sprint("f", i)] = ""
	}
	bad := func(path string) map[string]string {
		return map[string]string{"manifest.toml": manifestOf("a.wasm"), "a.wasm": code, path: "x"}
	}
	for name, c := range map[string]struct {
		files       map[string]string
		code, field string
	}{
		"a path above":            {bad("../x"), api.CodeInvalid, "bundle.files"},
		"a path above in between": {bad("a/../../x"), api.CodeInvalid, "bundle.files"},
		"an absolute path":        {bad("/tmp/x"), api.CodeInvalid, "bundle.files"},
		"a path of Windows":       {bad(`..\x`), api.CodeInvalid, "bundle.files"},
		"a NUL":                   {bad("a\x00b"), api.CodeInvalid, "bundle.files"},
		"an empty path":           {bad(""), api.CodeInvalid, "bundle.files"},
		"the folder itself":       {bad("."), api.CodeInvalid, "bundle.files"},
		"a path that is not plain": {
			bad("a//x"), api.CodeInvalid, "bundle.files"},
		"a path with an end":        {bad("x/"), api.CodeInvalid, "bundle.files"},
		"a long path":               {bad(strings.Repeat("a/", 300) + "x"), api.CodeInvalid, "bundle.files"},
		"a path of many folders":    {bad(strings.Repeat("a/", 32) + "x"), api.CodeInvalid, "bundle.files"},
		"a file that is a folder":   {bad("a.wasm/x"), api.CodeInvalid, "bundle.files"},
		"too many files":            {many, api.CodeTooLarge, "bundle.files"},
		"no manifest":               {map[string]string{"a.wasm": code}, api.CodeNoManifest, "bundle.manifest"},
		"a bad manifest":            {map[string]string{"manifest.toml": "x"}, api.CodeManifest, "bundle.manifest"},
		"no package":                {map[string]string{"manifest.toml": manifestOf("a.wasm")}, api.CodeManifest, ""},
		"a package above":           {map[string]string{"manifest.toml": manifestOf("../../" + filepath.Base(outside))}, api.CodeManifest, ""},
		"a package of the machine":  {map[string]string{"manifest.toml": manifestOf(filepath.ToSlash(outside))}, api.CodeManifest, ""},
		"a child of the machine":    {map[string]string{"manifest.toml": manifestOf("a.wasm") + "[[child]]\nid = \"c\"\nmanifest = \"/etc\"\n", "a.wasm": code}, api.CodeManifest, "bundle.manifest"},
		"a name that is very long":  {bad(strings.Repeat("n", 400)), api.CodeInvalid, "bundle.files"},
		"a reference of the parent": {map[string]string{"manifest.toml": manifestOf("a.wasm") + "[[child]]\nid = \"c\"\nmanifest = \"../x\"\n", "a.wasm": code}, api.CodeManifest, "bundle.manifest"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Actors.Spawn(s.ctx(), bundle(c.files))
			refuses(t, err, c.code, c.field)
		})
	}
	if live := s.node.System.List(); len(live) != 0 {
		t.Errorf("there are %v", live)
	}
	if out, err := filepath.Glob(filepath.Join(filepath.Dir(dir), "x")); err != nil || len(out) > 0 {
		t.Errorf("outside there is %v, %v", out, err)
	}
}

func TestANodeMayTakeNoBundles(t *testing.T) {
	s := open(t, func(c *api.Config) { c.Bundles = "" })
	_, err := s.Actors.Spawn(s.ctx(), bundle(map[string]string{"manifest.toml": manifestOf("a.wasm"), "a.wasm": string(echo())}))
	refuses(t, err, api.CodeInvalid, "bundle")
}
