package sdk_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm/guest/sdk"
)

func TestEachTemplateBuildsAndPassesItsTestsOffline(t *testing.T) {
	for _, template := range sdk.Templates() {
		t.Run(template, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "hello")
			if err := sdk.WriteProject(dir, "hello", template); err != nil {
				t.Fatal(err)
			}
			build := sdk.BuildCommand(t.Context(), dir, "hello.wasm")
			build.Env = append(build.Env, "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("build: %v\n%s", err, out)
			}
			module, err := os.ReadFile(filepath.Join(dir, "hello.wasm"))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(module, []byte("main.__state_.")) { // as the name section spells (*state)
				t.Error("the module does not name its functions")
			}
			for _, args := range [][]string{{"vet", "./..."}, {"test", "./..."}} {
				cmd := exec.CommandContext(t.Context(), "go", args...)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off")
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
				}
			}
		})
	}
}

func TestAProjectHasEveryFileAndItsName(t *testing.T) {
	dir := t.TempDir()
	if err := sdk.WriteProject(dir, "my-actor-2", "basic"); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{".gitignore", "README.md", "go.mod", "main.go", "main_test.go", "manifest.toml", "sdk/go.mod"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Error(err)
		}
	}
	manifest, err := os.ReadFile(filepath.Join(dir, "manifest.toml"))
	if err != nil || !bytes.Contains(manifest, []byte(`package = "my-actor-2.wasm"`)) {
		t.Errorf("manifest: %v\n%s", err, manifest)
	}
}

func TestTheCopyHasThePackagesAndNoTests(t *testing.T) {
	dir := t.TempDir()
	if err := sdk.WriteSDK(dir); err != nil {
		t.Fatal(err)
	}
	var folders []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if strings.HasSuffix(path, "_test.go") || d.Name() == "source.go" {
			t.Errorf("copied: %s", path)
		}
		folder, err := filepath.Rel(dir, filepath.Dir(path))
		folders = append(folders, filepath.ToSlash(folder))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(folders)
	want := []string{".", "wasm/guest", "wasm/guest/guesttest", "wasm/guest/internal/abi", "wasm/guest/message", "wasm/guest/supervisor", "wasm/pack"}
	if got := slices.Compact(folders); !slices.Equal(got, want) {
		t.Errorf("folders: %q, want %q", got, want)
	}
}

func TestRefusals(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "keep"), []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	for name, c := range map[string]struct {
		dir, name, template string
		want                error
		text                string
	}{
		"a folder with a file in it": {full, "hello", "basic", sdk.ErrNotEmpty, full},
		"an empty name":              {empty, "", "basic", sdk.ErrName, `""`},
		"a name that is a path":      {empty, "../hello", "basic", sdk.ErrName, `"../hello"`},
		"a name in capitals":         {empty, "Hello", "basic", sdk.ErrName, `"Hello"`},
		"a name with a line break":   {empty, "hello\n", "basic", sdk.ErrName, `"hello\n"`},
		"a name that is too long":    {empty, strings.Repeat("a", 64), "basic", sdk.ErrName, "aaa"},
		"an unknown template":        {empty, "hello", "web", sdk.ErrTemplate, "basic, message-server, supervisor"},
		"the files that all share":   {empty, "hello", "common", sdk.ErrTemplate, "basic, message-server, supervisor"},
	} {
		t.Run(name, func(t *testing.T) {
			err := sdk.WriteProject(c.dir, c.name, c.template)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error: %v; want %v naming %s", err, c.want, c.text)
			}
		})
	}
	if entries, err := os.ReadDir(empty); err != nil || len(entries) != 0 {
		t.Errorf("a refused project wrote %v, %v", entries, err)
	}
}
