package sdk

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/theater-go/theater/wasm/guest"
	"github.com/theater-go/theater/wasm/guest/guesttest"
	"github.com/theater-go/theater/wasm/guest/internal/abi"
	"github.com/theater-go/theater/wasm/guest/message"
	"github.com/theater-go/theater/wasm/guest/supervisor"
	"github.com/theater-go/theater/wasm/pack"
)

// packages are those that an actor can link, by folder in the module.
var packages = []struct {
	folder string
	source fs.FS
}{
	{"wasm/pack", pack.Source()},
	{"wasm/guest", guest.Source()},
	{"wasm/guest/guesttest", guesttest.Source()},
	{"wasm/guest/internal/abi", abi.Source()},
	{"wasm/guest/message", message.Source()},
	{"wasm/guest/supervisor", supervisor.Source()},
}

const goMod = `// A copy of the actor SDK, so that this project builds without a network.
// To use a published version instead, drop the replace line of the project's
// go.mod and this folder.
module github.com/theater-go/theater

go 1.26
`

// WriteSDK writes a copy of the guest SDK, a module of its own without tests,
// into the folder dir, which it creates if needed.
func WriteSDK(dir string) error {
	for _, p := range packages {
		if err := writePackage(filepath.Join(dir, filepath.FromSlash(p.folder)), p.source); err != nil {
			return fmt.Errorf("write SDK: %w", err)
		}
	}
	return writeFile(filepath.Join(dir, "go.mod"), []byte(goMod))
}

// writePackage leaves out what only the original needs: tests, and the file
// that embeds the others.
func writePackage(dir string, source fs.FS) error {
	names, err := fs.Glob(source, "*.go")
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == "source.go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		content, err := fs.ReadFile(source, name)
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(dir, name), content); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o666)
}
