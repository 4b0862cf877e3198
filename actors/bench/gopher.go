package bench

import (
	"context"
	"embed"
	"errors"
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

// ErrNoGo is returned for a row whose guest is written in Go when there is no go
// command to build it.
var ErrNoGo = errors.New("its guest is built by the go command, which is not there")

// buildCounter builds the Go guest as theater new and theater build do, in a
// folder for temporary files, without a network.
func buildCounter(ctx context.Context) (code []byte, err error) {
	temp, err := os.MkdirTemp("", "theater-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	dir := filepath.Join(temp, "counter")
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
	case errors.Is(err, exec.ErrNotFound):
		return nil, ErrNoGo
	case err != nil:
		return nil, fmt.Errorf("build the Go guest: %w\n%s", err, output)
	}
	return os.ReadFile(module)
}
