package sdk

import (
	"context"
	"os"
	"os/exec"
)

// BuildCommand is the go command that builds the actor in the folder dir into
// the module out, a path relative to dir or absolute. It is not started; the
// caller says where its output goes. The module depends on the source and the
// Go version alone, and keeps the names of its functions, which a trap quotes.
func BuildCommand(ctx context.Context, dir, out string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", "build",
		"-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-w", "-o", out, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	return cmd
}
