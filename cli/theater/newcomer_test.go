package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestNewcomer runs the scripts in testdata/newcomer, each in an empty home with the
// source of the example shop, where nothing happens by itself for twenty seconds.
func TestNewcomer(t *testing.T) {
	goldens, err := filepath.Abs("testdata/golden")
	if err != nil {
		t.Fatal(err)
	}
	caches, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	build, modules, _ := strings.Cut(strings.TrimSpace(string(caches)), "\n")
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/newcomer",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, "GOLDEN="+goldens, "GOCACHE="+build, "GOMODCACHE="+modules)
			env.Defer(func() { // where the script has not come so far
				end := exec.Command("theater", "node", "shutdown", "--timeout", "10s")
				end.Env = env.Vars
				_ = end.Run()
			})
			return writeShop(filepath.Join(env.WorkDir, "shop"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"golden": golden},
	})
}

func writeShop(dir string) error {
	const from = "../../examples/shop"
	var files []string
	for _, pattern := range []string{"*.go", "*.toml"} {
		found, err := filepath.Glob(filepath.Join(from, pattern))
		if err != nil {
			return err
		}
		for _, f := range found {
			if !strings.HasSuffix(f, "_test.go") {
				files = append(files, filepath.Base(f))
			}
		}
	}
	if err := writeProject(dir, "shop", from, files); err != nil {
		return err
	}
	clock := filepath.Join(dir, "clock.toml")
	text, err := os.ReadFile(clock)
	if err != nil {
		return err
	}
	return os.WriteFile(clock, []byte(strings.NewReplacer("400ms", "20s", "800ms", "20s").Replace(string(text))), 0o666)
}
