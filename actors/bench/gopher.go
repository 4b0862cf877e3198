package bench

import (
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/theater-go/theater/wasm/guest/sdk"
)

// counter is the source of the Go guest: main.go is a copy of examples/counter,
// which a test holds to the original and renews with -update, as with echo;
// loop.go adds what fuel measures. Built it is too large to be embedded.
//
//go:embed counter/*.go
var counter embed.FS

// gopher has the Go guest, and a folder with its code once it is compiled, for
// the length of a run. Only one goroutine uses it.
type gopher struct {
	folder string // "" until the guest is asked for
	code   []byte
}

// guest builds the Go guest when it is asked for first. Without a go command the
// error is exec.ErrNotFound.
func (g *gopher) guest(ctx context.Context) (guest, error) {
	_, err := exec.LookPath("go")
	if err != nil {
		return guest{}, fmt.Errorf("build the Go guest: %w", err)
	}
	if g.folder == "" {
		if g.folder, err = os.MkdirTemp("", "theater-bench-"); err != nil {
			return guest{}, err
		}
	}
	if g.code == nil {
		if g.code, err = buildCounter(ctx, filepath.Join(g.folder, "counter")); err != nil {
			return guest{}, fmt.Errorf("build the Go guest: %w", err)
		}
	}
	return guest{name: "counter", code: g.code, cache: filepath.Join(g.folder, "compiled")}, nil
}

func (g *gopher) close() error {
	if g.folder == "" {
		return nil
	}
	return os.RemoveAll(g.folder)
}

// buildCounter builds the Go guest in the folder dir, which it makes, as theater
// new and theater build do, without a network.
func buildCounter(ctx context.Context, dir string) ([]byte, error) {
	if err := sdk.WriteProject(dir, "counter", "message-server"); err != nil {
		return nil, err
	}
	for _, name := range []string{"main.go", "loop.go"} {
		source, err := counter.ReadFile("counter/" + name)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, name), source, 0o666); err != nil {
			return nil, err
		}
	}
	module := filepath.Join(dir, "counter.wasm")
	output, err := sdk.BuildCommand(ctx, dir, module).CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, fmt.Errorf("%w\n%s", err, output)
	}
	return os.ReadFile(module)
}
