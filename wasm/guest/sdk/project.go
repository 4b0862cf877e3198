package sdk

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

// templates holds a folder for each template, and common for the files that
// all of them share. Names end in .tmpl, so that the go command sees no
// packages there; a leading dot is written "dot-".
//
//go:embed templates
var templates embed.FS

var (
	// ErrName is returned when a project's name is not one an actor can have.
	ErrName = errors.New("a name is 1 to 63 lower-case letters, digits and hyphens, a letter first")
	// ErrTemplate is returned when there is no template of that name.
	ErrTemplate = errors.New("unknown template")
	// ErrNotEmpty is returned when a new project's folder has something in it.
	ErrNotEmpty = errors.New("folder is not empty")
)

// maxName is how many letters a name may have.
const maxName = 63

// validName is told without a regular expression, which would take long to compile.
func validName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if letter := c >= 'a' && c <= 'z'; !letter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return name != "" && len(name) <= maxName
}

// Templates lists the names that WriteProject takes, sorted.
func Templates() []string {
	entries, err := templates.ReadDir("templates")
	if err != nil {
		panic(err) // embedded
	}
	var names []string
	for _, e := range entries {
		if e.Name() != "common" {
			names = append(names, e.Name())
		}
	}
	return names
}

// WriteProject makes a project for an actor called name from a template, in the
// folder dir, which must be empty or absent. The project builds without a
// network. When writing fails, what was written stays.
func WriteProject(dir, name, template string) error {
	if !validName(name) {
		return fmt.Errorf("project %q: %w", name, ErrName)
	}
	if !slices.Contains(Templates(), template) {
		return fmt.Errorf("project %q: %w %q, there are: %s", name, ErrTemplate, template, strings.Join(Templates(), ", "))
	}
	switch entries, err := os.ReadDir(dir); {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("project %q: %w", name, err)
	case len(entries) > 0:
		return fmt.Errorf("project %q: %s: %w", name, dir, ErrNotEmpty)
	}
	for _, folder := range []string{"common", template} {
		if err := writeTemplate(dir, path.Join("templates", folder), name); err != nil {
			return fmt.Errorf("project %q: %w", name, err)
		}
	}
	return WriteSDK(filepath.Join(dir, "sdk"))
}

// writeTemplate writes the files of one folder of templates, and those of the
// folders in it.
func writeTemplate(dir, folder, name string) error {
	return fs.WalkDir(templates, folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		parsed, err := template.ParseFS(templates, file)
		if err != nil {
			return err
		}
		var text strings.Builder
		if err := parsed.Execute(&text, struct{ Name string }{name}); err != nil {
			return err
		}
		below, base := path.Split(strings.TrimPrefix(file, folder+"/"))
		base = strings.TrimSuffix(base, ".tmpl")
		if rest, isDot := strings.CutPrefix(base, "dot-"); isDot {
			base = "." + rest
		}
		return writeFile(filepath.Join(dir, filepath.FromSlash(below), base), []byte(text.String()))
	})
}
