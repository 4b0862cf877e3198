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
go command compiles it to the file that the manifest calls its package.
theater run does the same before it runs such a folder.`,
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
	if !hasSource(m) {
		return notFound(fmt.Errorf("no main package in Go in %s whose package %s lies in that folder", m.Dir, m.Package),
			"theater new NAME makes a project")
	}
	if err := p.build(ctx, m); err != nil {
		return err
	}
	code, err := m.ReadPackage()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(code)
	result := built{Package: m.PackagePath(), Size: len(code), SHA256: hex.EncodeToString(sum[:])}
	if format == formatJSON {
		return p.writeJSON(result, true)
	}
	_, err = fmt.Fprintf(p.out, "%s: %s, sha256 %s\n", escape(result.Package), size(result.Size), result.SHA256)
	return err
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

// hasSource reports whether the manifest's folder holds the Go source that its
// package is built from.
func hasSource(m *manifest.Manifest) bool {
	if !filepath.IsLocal(m.Package) {
		return false
	}
	files, err := filepath.Glob(filepath.Join(m.Dir, "*.go"))
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

// build makes the package of the manifest from the source beside it.
func (p *program) build(ctx context.Context, m *manifest.Manifest) error {
	cmd := sdk.BuildCommand(ctx, m.Dir, m.Package)
	var output []byte
	err := p.err.during("building "+m.Name, quietBuild, func(func(string)) (err error) {
		output, err = cmd.CombinedOutput()
		return err
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("build %s: %w", m.Name, ctx.Err())
	case errors.Is(err, exec.ErrNotFound):
		if _, missing := os.Stat(m.PackagePath()); missing == nil {
			fmt.Fprintf(p.err, "%s is not built anew: there is no go command\n", escape(m.PackagePath()))
			return nil
		}
	}
	p.err.Write(output)
	return fmt.Errorf("build %s: go build: %w", m.Name, err)
}
