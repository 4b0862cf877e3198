package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/urfave/cli/v2"
)

// translated is the action of a command that writes JSON, with YAML in its place
// where -o asks for that.
func (p *program) translated(flags []cli.Flag, action cli.ActionFunc) cli.ActionFunc {
	var format *choice
	for _, f := range flags {
		if generic, ok := f.(*cli.GenericFlag); ok && generic.Name == "output" {
			format, _ = generic.Value.(*choice)
		}
	}
	if format == nil || action == nil {
		return action
	}
	return func(c *cli.Context) error {
		if format.given != formatYAML {
			return action(c)
		}
		out := &yamlWriter{to: p.out}
		p.out = out
		defer func() { p.out = out.to }()
		err := action(c)
		return errors.Join(err, out.rest())
	}
}

// yamlWriter takes JSON and writes each value of it, once that is whole, as a
// document of YAML. An array is written element by element, however long it is. The
// order of keys stays.
type yamlWriter struct {
	to      io.Writer
	pending []byte
	started bool
	array   bool // pending is within one
	empty   bool // of which there was no element yet
}

func (w *yamlWriter) Write(b []byte) (int, error) {
	w.pending = append(w.pending, b...)
	if !bytes.ContainsRune(b, '\n') { // which is behind every value, and within none that is long
		return len(b), nil
	}
	for {
		more, err := w.next()
		if err != nil {
			return 0, err
		}
		if !more {
			return len(b), nil
		}
	}
}

// next writes what comes next, if it is whole.
func (w *yamlWriter) next() (more bool, err error) {
	rest := bytes.TrimLeft(w.pending, " \t\r\n")
	if w.array {
		rest = bytes.TrimLeft(rest, " \t\r\n,")
	}
	switch {
	case len(rest) == 0:
		return false, nil
	case !w.array && rest[0] == '[':
		w.array, w.empty, w.pending = true, true, rest[1:]
		return true, w.divide()
	case w.array && rest[0] == ']':
		w.array, w.pending = false, rest[1:]
		if w.empty {
			_, err = io.WriteString(w.to, "[]\n")
		}
		return true, err
	}
	d := json.NewDecoder(bytes.NewReader(rest))
	var value json.RawMessage
	if d.Decode(&value) != nil { // it is not whole yet
		return false, nil
	}
	w.pending = rest[d.InputOffset():]
	if w.array {
		w.empty = false
		return true, w.translate(slices.Concat([]byte("["), value, []byte("]")))
	}
	if err := w.divide(); err != nil {
		return false, err
	}
	return true, w.translate(value)
}

// divide ends the document before the next one.
func (w *yamlWriter) divide() (err error) {
	if w.started {
		_, err = io.WriteString(w.to, "---\n")
	}
	w.started = true
	return err
}

func (w *yamlWriter) translate(value []byte) error {
	var v any
	if err := yaml.UnmarshalWithOptions(value, &v, yaml.UseOrderedMap()); err != nil {
		return fmt.Errorf("write YAML: %w", err)
	}
	text, err := yaml.Marshal(readably(v))
	if err != nil {
		return fmt.Errorf("write YAML: %w", err)
	}
	_, err = w.to.Write(text)
	return err
}

// rest writes what is no JSON as it is.
func (w *yamlWriter) rest() error {
	_, err := w.to.Write(bytes.TrimLeft(w.pending, " \n"))
	return err
}

// readably puts those texts of a value in quotes that a terminal would act upon, or
// that are read as something else: the library leaves them as they are.
func readably(v any) any {
	switch v := v.(type) {
	case yaml.MapSlice:
		for i := range v {
			v[i].Value = readably(v[i].Value)
		}
	case []any:
		for i := range v {
			v[i] = readably(v[i])
		}
	case string:
		if needsQuotes(v) {
			return quoted(v)
		}
	}
	return v
}

func needsQuotes(text string) bool {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return true
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSuffix(line, "\n"); escape(line) != line {
			return true
		}
	}
	return strings.ContainsRune(text, '\t') || text != strings.TrimLeft(text, " \n")
}

// quoted is a text with all that is not to be seen escaped.
type quoted string

// MarshalYAML implements yaml.BytesMarshaler: YAML has the escapes of Go.
func (q quoted) MarshalYAML() ([]byte, error) { return []byte(strconv.Quote(string(q))), nil }
