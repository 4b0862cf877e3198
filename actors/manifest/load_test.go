package manifest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors/manifest"
)

// folder makes a folder with the given files, in folders of their own where the
// names have slashes.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoadTakesAFolderOrAFile(t *testing.T) {
	dir := folder(t, map[string]string{"manifest.toml": head, "other.toml": head})
	for path, file := range map[string]string{
		dir:                                 filepath.Join(dir, "manifest.toml"),
		filepath.Join(dir, "manifest.toml"): filepath.Join(dir, "manifest.toml"),
		filepath.Join(dir, "other.toml"):    filepath.Join(dir, "other.toml"),
	} {
		m, err := manifest.Load(path, registry{})
		if err != nil {
			t.Fatal(err)
		}
		if m.File != file || m.Dir != dir {
			t.Errorf("%s: file %s, dir %s", path, m.File, m.Dir)
		}
	}
}

func TestLoadTellsWhatItCannotRead(t *testing.T) {
	dir := folder(t, map[string]string{"big.toml": strings.Repeat("#", 1<<20+1), "bad.toml": "name = 1"})
	for _, path := range []string{dir, filepath.Join(dir, "none.toml"), filepath.Join(dir, "none")} {
		if _, err := manifest.Load(path, registry{}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := manifest.Load(filepath.Join(dir, "big.toml"), registry{}); err == nil || !strings.Contains(err.Error(), "larger than 1MiB") {
		t.Errorf("a file that is too large: %v", err)
	}
	if _, err := manifest.Load(os.DevNull, registry{}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a device: %v", err)
	}
	var problems manifest.Errors
	if _, err := manifest.Load(filepath.Join(dir, "bad.toml"), registry{}); !errors.As(err, &problems) || len(problems) != 3 {
		t.Errorf("a bad manifest: %v", err)
	}
}

func TestThePackageIsReadBesideItsManifest(t *testing.T) {
	dir := folder(t, map[string]string{"manifest.toml": head, "a.wasm": "wasm"})
	m, err := manifest.Load(dir, registry{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := m.ReadPackage()
	if err != nil || string(data) != "wasm" {
		t.Errorf("got %q, %v", data, err)
	}
	m.Package = filepath.Join(dir, "a.wasm")
	if data, err := m.ReadPackage(); err != nil || string(data) != "wasm" {
		t.Errorf("by absolute path: %q, %v", data, err)
	}
}

func TestAPackageThatCannotBeReadIsAnErrorAtItsKey(t *testing.T) {
	dir := folder(t, map[string]string{"manifest.toml": "\n" + head})
	m, err := manifest.Load(dir, registry{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.ReadPackage()
	var problem *manifest.Error
	if !errors.As(err, &problem) || problem.Line != 4 || problem.Column != 1 || problem.Key != "package" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %#v", err)
	}
	m.Package = "."
	if _, err := m.ReadPackage(); !errors.As(err, &problem) || !strings.Contains(problem.Reason, "not a regular file") {
		t.Errorf("a folder as package: %v", err)
	}
	m.Package = "large.wasm"
	large := filepath.Join(dir, m.Package)
	if err := errors.Join(os.WriteFile(large, nil, 0o600), os.Truncate(large, 256<<20+1)); err != nil {
		t.Fatal(err)
	}
	if _, err := m.ReadPackage(); !errors.As(err, &problem) || !strings.Contains(problem.Reason, "larger than 256MiB") {
		t.Errorf("a package beyond the bound: %v", err)
	}
}

func TestAPackageWithAnotherSumIsRefused(t *testing.T) {
	sum := sha256.Sum256([]byte("wasm"))
	pin := "sha256 = \"" + hex.EncodeToString(sum[:]) + "\"\n"
	dir := folder(t, map[string]string{"manifest.toml": head + pin, "a.wasm": "wasm"})
	m, err := manifest.Load(dir, registry{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.ReadPackage(); err != nil {
		t.Errorf("the pinned package: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.wasm"), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = m.ReadPackage()
	var problem *manifest.Error
	if !errors.As(err, &problem) || problem.Line != 4 || problem.Key != "sha256" || !strings.Contains(problem.Reason, "pins "+m.SHA256) {
		t.Errorf("got %v", err)
	}
}
