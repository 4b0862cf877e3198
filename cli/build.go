package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/wasm/guest/sdk"
)

func (p *program) buildCommand() *cli.Command {
	format := choose("text", formatJSON)
	return &cli.Command{
		Name:      "build",
		Usage:     "build an actor written in Go",
		UsageText: "theater build [DIR] [-o json]",
		Description: `DIR, by default the current folder, holds a manifest and a main package. The
go command compiles it to the file that the manifest calls its package. So it
does with the packages of [[child]] manifests, to any depth, whose source lies
in the package's own folder or in that of the manifest; each is built once.
theater run does the same before it runs such a folder. With -o json the result
is an array of what was built, the actor's own package first.

Examples:
   theater build
   theater build examples/counter`,
		Flags: []cli.Flag{outputFlag(format)},
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 0, 1, "")
			if err != nil {
				return err
			}
			return p.buildFolder(c.Context, append(args, ".")[0], format.value)
		},
	}
}

type built struct {
	Package string `json:"package"`
	Size    int    `json:"size"`
	SHA256  string `json:"sha256"`
}

func (p *program) buildFolder(ctx context.Context, dir, format string) error {
	m, err := loadManifest(dir)
	if err != nil {
		return err
	}
	list := sources(m)
	if len(list) == 0 {
		return notFound(fmt.Errorf("no main package in Go in %s whose package %s lies in that folder", m.Dir, m.Package),
			"theater new NAME makes a project")
	}
	if err := p.build(ctx, list); err != nil {
		return err
	}
	var results []built
	for _, s := range list {
		code, err := s.of.ReadPackage()
		if err != nil {
			return err
		}
		sum := sha256.Sum256(code)
		results = append(results, built{Package: s.of.PackagePath(), Size: len(code), SHA256: hex.EncodeToString(sum[:])})
	}
	if format == formatJSON {
		return p.writeJSON(results, true)
	}
	for _, r := range results {
		if _, err := fmt.Fprintf(p.out, "%s: %s, sha256 %s\n", escape(r.Package), size(r.Size), r.SHA256); err != nil {
			return err
		}
	}
	return nil
}

// loadManifest reads the manifest at path, a file or a folder.
func loadManifest(path string) (*manifest.Manifest, error) {
	if filepath.Ext(path) == ".wasm" {
		return nil, &failure{code: codeUsage, cause: fmt.Errorf("%s is a module: what is run is the manifest that names it as its package", path),
			hint: "theater inspect " + path + " --manifest writes one"}
	}
	handlers, err := node.Handlers()
	if err != nil {
		return nil, err
	}
	m, err := manifest.Load(path, handlers)
	var refused manifest.Errors
	if errors.Is(err, fs.ErrNotExist) && !errors.As(err, &refused) {
		return nil, notFound(err, "an actor is a folder with a "+manifest.FileName+": theater new NAME makes one")
	}
	return m, err
}

// source is a main package in Go that a manifest's package is built from.
type source struct {
	of  *manifest.Manifest
	dir string // the folder of the source
	out string // the package, relative to dir
}

// sources lists what is built of a declared tree, each package once.
func sources(top *manifest.Manifest) []source {
	var list []source
	known := map[string]bool{}
	for _, m := range declared(top) {
		path := m.PackagePath()
		if known[path] {
			continue
		}
		if s, ok := sourceOf(m, top); ok {
			known[path] = true
			list = append(list, s)
		}
	}
	return list
}

// sourceOf finds the source of a manifest's package: in the folder that the
// package is in, if that is one below the top, else beside the manifest.
func sourceOf(m, top *manifest.Manifest) (source, bool) {
	dir, file := filepath.Split(m.PackagePath())
	dir = filepath.Clean(dir)
	below, err := filepath.Rel(top.Dir, dir)
	switch {
	case err == nil && filepath.IsLocal(below) && hasMain(dir):
		return source{m, dir, file}, true
	case filepath.IsLocal(m.Package) && hasMain(m.Dir):
		return source{m, m.Dir, m.Package}, true
	}
	return source{}, false
}

// hasMain reports whether a folder holds a main package in Go.
func hasMain(dir string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return false
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly)
		if err == nil && parsed.Name.Name == "main" {
			return true
		}
	}
	return false
}

// quietBuild is how long a build may take without a word about it. The go
// command's own cache answers in a tenth of a second when nothing has changed.
const quietBuild = 400 * time.Millisecond

// build makes packages from their source.
func (p *program) build(ctx context.Context, list []source) error {
	for _, s := range list {
		if err := p.buildOne(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) buildOne(ctx context.Context, s source) error {
	name := s.of.Name
	cmd := sdk.BuildCommand(ctx, s.dir, s.out)
	var output []byte
	err := p.err.during("building "+escape(name), quietBuild, func(func(string)) (err error) {
		output, err = cmd.CombinedOutput()
		return err
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("build %s: %w", name, ctx.Err())
	case errors.Is(err, exec.ErrNotFound):
		if _, missing := os.Stat(s.of.PackagePath()); missing == nil {
			fmt.Fprintf(p.err, "%s is not built anew: there is no go command\n", escape(s.of.PackagePath()))
			return nil
		}
	}
	p.err.Write(output)
	return fmt.Errorf("build %s: go build: %w", name, err)
}
