package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
)

func (p *program) validateCommand() *cli.Command {
	format := choose("text", formatJSON)
	return &cli.Command{
		Name:      "validate",
		Usage:     "check a manifest and the package that it names",
		UsageText: "theater validate MANIFEST|DIR [-o json]",
		Description: `Every problem is shown with its file and place, those of the manifests of
[[child]] tables too, to any depth. A package is checked against sha256 where
the manifest pins it, and what it imports against what the manifest grants; one
that is not there is no problem where Go source is that it can be built from.
With -o json the result is an array of problems, empty when there are none.

Examples:
   theater validate examples/shop
   theater validate manifest.toml -o json | jq -r '.[].reason'`,
		Flags: []cli.Flag{outputFlag(format)},
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1, "a manifest or a folder with one")
			if err != nil {
				return err
			}
			return p.validate(c.Context, args[0], format.value)
		},
	}
}

type problem struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Key    string `json:"key,omitempty"`
	Reason string `json:"reason"`
	Hint   string `json:"hint,omitempty"`
}

func (p *program) validate(ctx context.Context, path, format string) error {
	m, err := loadManifest(path)
	var found manifest.Errors
	if err != nil && !errors.As(err, &found) {
		return err
	}
	note := ""
	if m != nil {
		path = m.File
		if note, found, err = p.checkTree(ctx, m); err != nil {
			return err
		}
	}
	if err := p.showProblems(path, found, note, format); err != nil {
		return err
	}
	if len(found) == 0 {
		return nil
	}
	return fmt.Errorf("%s has %s", path, count(len(found), "problem"))
}

// checkTree checks the packages of a manifest and of all that it declares. The
// note is what is to be said of a good tree.
func (p *program) checkTree(ctx context.Context, top *manifest.Manifest) (note string, found manifest.Errors, err error) {
	all := declared(top)
	if below := len(all) - 1; below > 0 {
		note = ", with " + count(below, "manifest") + " below it"
	}
	unbuilt := map[string]bool{}
	for _, m := range all {
		if err := ctx.Err(); err != nil {
			return "", nil, err
		}
		code, err := m.ReadPackage()
		if errors.Is(err, fs.ErrNotExist) && hasSource(m) {
			if unbuilt[m.PackagePath()] {
				continue
			}
			unbuilt[m.PackagePath()] = true
			whose := "its"
			if m != top {
				whose = m.Name + "'s"
			}
			note += "; " + whose + " package " + m.Package + " is not built yet"
			continue
		}
		if err == nil {
			err = p.checkPackage(ctx, m, code)
		}
		var problem *manifest.Error
		if errors.As(err, &problem) {
			found = append(found, problem)
		} else if err != nil {
			return "", nil, err
		}
	}
	return note, found, nil
}

// hasSource reports whether a main package in Go lies where the package should, or
// beside the manifest.
func hasSource(m *manifest.Manifest) bool {
	return hasMain(filepath.Dir(m.PackagePath())) || hasMain(m.Dir)
}

// declared lists a manifest and those of its children, to any depth, each once.
func declared(top *manifest.Manifest) []*manifest.Manifest {
	all, known := []*manifest.Manifest{top}, map[*manifest.Manifest]bool{top: true}
	for i := 0; i < len(all); i++ {
		for _, c := range all[i].Children {
			if !known[c.Manifest] {
				known[c.Manifest] = true
				all = append(all, c.Manifest)
			}
		}
	}
	return all
}

// withoutPlace is what System.Check says, without the manifest's or package's
// name in front of it.
func withoutPlace(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// checkPackage compiles the package and holds what it imports against what the
// manifest grants, as a run would.
func (p *program) checkPackage(ctx context.Context, m *manifest.Manifest, code []byte) error {
	what := "checking " + m.Name
	err := p.err.during(what, quietStart, func(next func(string)) error {
		ctx := tellCompile(ctx, filepath.Base(m.Package), what, next)
		return p.onScratch(ctx, func(n *node.Node) error { return n.System.Check(ctx, m, code) })
	})
	if err != nil {
		return &manifest.Error{File: m.File, Key: "package", Reason: fmt.Sprintf("%s: %v", m.PackagePath(), withoutPlace(err)), Err: err}
	}
	return nil
}

// onScratch lends a node that runs nothing and keeps nothing but compiled code.
func (p *program) onScratch(ctx context.Context, f func(*node.Node) error) error {
	n, err := node.Open(ctx, node.Config{Cache: cacheDir(), Compiler: p.compiler()})
	if err != nil {
		return err
	}
	if err := f(n); err != nil {
		_ = n.Close(ctx) // it ran nothing, and what is wrong is known
		return err
	}
	return n.Close(ctx)
}

func (p *program) showProblems(path string, found manifest.Errors, note, format string) error {
	if format == formatJSON {
		list := []problem{}
		for _, e := range found {
			list = append(list, problem{e.File, e.Line, e.Column, e.Key, e.Reason, e.Hint})
		}
		return p.writeJSON(list, true)
	}
	for _, e := range found {
		if _, err := fmt.Fprintln(p.out, escape(e.Error())); err != nil {
			return err
		}
	}
	if len(found) > 0 {
		return nil
	}
	_, err := fmt.Fprintln(p.out, escape(path+" is valid"+note))
	return err
}
