package cli

import (
	"context"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/wasm"
)

// compileName is the command with which the program runs itself to compile a
// module. People have no use for it.
const compileName = "compile-module"

func (p *program) compileCommand() *cli.Command {
	return &cli.Command{
		Name:      compileName,
		Usage:     "compile a module for the theater that runs this command",
		UsageText: "theater " + compileName,
		Hidden:    true,
		Action: func(c *cli.Context) error {
			if _, err := arguments(c, 0, 0, ""); err != nil {
				return err
			}
			return wasm.RunCompiler(c.Context, p.in, p.out)
		},
	}
}

// compiler is how nodes compile modules.
func (p *program) compiler() *wasm.Compiler {
	if p.path == "" {
		return nil
	}
	return &wasm.Compiler{Command: []string{p.path, compileName}}
}

// tellCompile says with next that a module is being compiled, and then that what
// was done before goes on.
func tellCompile(ctx context.Context, module, before string, next func(what string)) context.Context {
	return wasm.WithNotice(ctx, func(bytes int) func() {
		next("compiling " + escape(module) + " (" + size(bytes) + ")")
		return func() { next(before) }
	})
}

// modulesOf is what is compiled for a manifest's actor, in words: which of the
// modules of a tree it is, nobody says.
func modulesOf(m *manifest.Manifest) string {
	if len(m.Children) > 0 {
		return "a module of " + m.Name
	}
	return filepath.Base(m.Package)
}

func compileHint(e *wasm.CompileError) string {
	switch e.Fault {
	case wasm.CompileTime:
		return "try again when the machine has less to do; else the module has to become smaller"
	case wasm.CompileMemory:
		return "the module has to become smaller, its largest functions above all"
	}
	return "it is a fault of the compiler; other modules are not affected"
}
