package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/wasm"
)

func (p *program) inspectCommand() *cli.Command {
	l := p.newLive()
	return &cli.Command{
		Name:      "inspect",
		Usage:     "show all there is to see of an actor, or what a module is",
		UsageText: "theater inspect TARGET\n   theater inspect FILE.wasm [--manifest]",
		Description: `An argument that ends in .wasm, or that names a file, is a module; all else is
the path or id of an actor of a node.

Of an actor are shown its id, module and status, who supervises it and how it
supervises others, its last restarts with their reasons, its mailbox, the limits of
its manifest with what is used of them, what it is granted, its last turns, the
head of its chain and its children.

Of a module are shown its size, memory and tools, what it imports and exports, the
interfaces that it declares with their hashes and what this build has for them,
and a manifest for it. When theater would refuse the module, every reason is
shown with the way out, and the exit code is 1. Nothing of the actor runs but
its initialisation, without any host function. The manifest grants what the module
imports. It names the file as it was typed, so it belongs into the folder where
that was.

Examples:
   theater inspect /shop/till
   theater inspect counter.wasm
   theater inspect counter.wasm --manifest > manifest.toml`,
		Flags: l.flags(
			&cli.BoolFlag{Name: "manifest", Usage: "print the manifest alone, of a module", DisableDefaultText: true},
		),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1, "the path or id of an actor, or a FILE.wasm")
			if err != nil {
				return err
			}
			alone := c.Bool("manifest")
			switch {
			case alone && l.format.value != "text":
				return usagef("theater inspect", "--manifest prints TOML: with -o %s the manifest is part of the result", l.format.given)
			case isFile(args[0]):
				return p.inspect(c.Context, args[0], alone, l.format.value)
			case alone:
				return usagef("theater inspect", "--manifest is for modules: -o json shows the manifest of an actor")
			}
			return l.with(c, func(ctx context.Context, n *conn) error { return n.inspectActor(ctx, args[0]) })
		},
	}
}

// isFile reports whether an argument of inspect names a file rather than an actor,
// whose path begins with a slash as that of a folder may.
func isFile(arg string) bool {
	info, err := os.Stat(arg)
	switch {
	case strings.HasSuffix(arg, ".wasm"):
		return true
	case err != nil:
		return false
	}
	return info.Mode().IsRegular() || !strings.HasPrefix(arg, "/")
}

// inspection is what is known of a file.
type inspection struct {
	file string
	*wasm.Report
	module           *wasm.Module // nil when it was refused before its metadata was read
	imports, exports []face       // WASI's are not among them
	wasi, others     []string     // imports of WASI; exports that are no actor's functions
	refusals         []refusal
	said             map[string]bool // the texts of refusals
	manifest         string          // "" when it was refused
}

func (p *program) inspect(ctx context.Context, path string, manifestAlone bool, format string) error {
	code, err := readModule(path)
	if err != nil {
		return err
	}
	i := &inspection{file: path}
	what := "examining " + escape(path)
	err = p.err.during(what, quietStart, func(next func(string)) error {
		return p.examine(tellCompile(ctx, filepath.Base(path), what, next), i, code)
	})
	if err != nil {
		return err
	}
	switch {
	case manifestAlone && i.manifest != "":
		_, err = io.WriteString(p.out, i.manifest)
	case manifestAlone:
		for _, r := range i.refusals {
			p.complain(&failure{cause: errors.New(r.Reason), hint: r.Hint})
		}
	case format == formatJSON:
		err = p.writeJSON(i.document(), true)
	default:
		err = p.showInspection(i)
	}
	if err != nil || len(i.refusals) == 0 {
		return err
	}
	return fmt.Errorf("%s is refused: %s", path, count(len(i.refusals), "reason"))
}

// maxInspected is the largest file that is read. It is more than a module may
// have, so that one that is too large is still shown.
const maxInspected = 4 * wasm.MaxModuleSize

// readModule reads the file that an argument of inspect names.
func readModule(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case !strings.HasSuffix(path, ".wasm"):
		return nil, noModule(path)
	case errors.Is(err, fs.ErrNotExist):
		return nil, notFound(fmt.Errorf("there is no file %s", path), "theater build makes one from Go source")
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file but %s", path, map[bool]string{true: "a folder", false: "a device"}[info.IsDir()])
	case info.Size() > maxInspected:
		return nil, fmt.Errorf("%s has %s, and no module has more than %s", path, size(info.Size()), size(wasm.MaxModuleSize))
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxInspected)) // it may grow meanwhile
}

// noModule says what to do with a file that is not FILE.wasm.
func noModule(path string) error {
	return &failure{code: codeUsage, cause: fmt.Errorf("%s is no module: the name of one ends in .wasm", path),
		hint: "theater validate " + path + " checks a manifest and the module that it names"}
}

// examine finds out all there is to know. Its error is not the module's fault.
func (p *program) examine(ctx context.Context, i *inspection, code []byte) error {
	i.Report = wasm.Examine(code)
	for _, err := range i.Problems {
		i.refuse(err)
	}
	i.group()
	if len(i.refusals) > 0 {
		return nil
	}
	return p.onScratch(ctx, func(n *node.Node) error { return i.compile(ctx, n, code) })
}

// compile goes the way of a run, up to the start of the actor.
func (i *inspection) compile(ctx context.Context, n *node.Node, code []byte) error {
	m, err := n.Engine.Compile(ctx, code)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		i.refuse(err)
		return nil
	}
	i.module = m
	i.group()
	text := i.suggest(i.link(n), n.Handlers)
	suggested, err := manifest.Parse([]byte(text), manifest.FileName, n.Handlers)
	if err != nil {
		i.add(refusal{Reason: fmt.Sprintf("a manifest cannot name the file: %v", err), Hint: "rename the file"})
		return nil
	}
	if err := n.System.Check(ctx, suggested, code); err != nil {
		i.refuse(withoutPlace(err))
	}
	if len(i.refusals) == 0 {
		i.manifest = text
	}
	return nil
}
