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

func TestAManifestWithinAFolderNamesNothingOutside(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "bundle")
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(top, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	const keys = "name = \"a\"\nversion = \"1\"\npackage = "
	write("secret.wasm", "secret")
	write("bundle/in.wasm", "in")
	write("bundle/manifest.toml", keys+"\"in.wasm\"\n")
	write("bundle/sub/manifest.toml", keys+"\"../in.wasm\"\n")
	write("bundle/above.toml", keys+"\"../secret.wasm\"\n")
	write("bundle/absolute.toml", keys+"\""+filepath.ToSlash(filepath.Join(top, "secret.wasm"))+"\"\n")
	write("bundle/link.toml", keys+"\"link.wasm\"\n")
	if err := os.Symlink(filepath.Join(top, "secret.wasm"), filepath.Join(dir, "link.wasm")); err != nil {
		t.Skip(err)
	}
	for _, path := range []string{"manifest.toml", ".", "sub"} {
		m, err := manifest.LoadWithin(dir, path, registry{})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if b, err := m.ReadPackage(); err != nil || string(b) != "in" {
			t.Errorf("the package of %s is %q, %v", path, b, err)
		}
	}
	for _, path := range []string{"above.toml", "absolute.toml", "link.toml"} {
		m, err := manifest.LoadWithin(dir, path, registry{})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if b, err := m.ReadPackage(); err == nil || strings.Contains(err.Error(), top) && path != "absolute.toml" {
			t.Errorf("the package of %s is %q, %v", path, b, err)
		}
	}
	for _, path := range []string{"../secret.wasm", "/etc/passwd", "none"} {
		if m, err := manifest.LoadWithin(dir, path, registry{}); err == nil {
			t.Errorf("%s is read as %v", path, m)
		}
	}
	if _, err := manifest.LoadWithin(dir, "none", registry{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there gives %v", err)
	}
}
