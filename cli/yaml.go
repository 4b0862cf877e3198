package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

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
// document of YAML. The order of keys stays.
type yamlWriter struct {
	to      io.Writer
	pending []byte
	started bool
}

func (w *yamlWriter) Write(b []byte) (int, error) {
	w.pending = append(w.pending, b...)
	for {
		d := json.NewDecoder(bytes.NewReader(w.pending))
		var value json.RawMessage
		if d.Decode(&value) != nil { // it is not whole yet
			return len(b), nil
		}
		if err := w.document(value); err != nil {
			return 0, err
		}
		w.pending = w.pending[d.InputOffset():]
	}
}

func (w *yamlWriter) document(value []byte) error {
	text, err := yaml.JSONToYAML(value)
	if err != nil {
		return fmt.Errorf("write YAML: %w", err)
	}
	if w.started {
		text = append([]byte("---\n"), text...)
	}
	w.started = true
	_, err = w.to.Write(text)
	return err
}

// rest writes what is no JSON as it is.
func (w *yamlWriter) rest() error {
	_, err := w.to.Write(bytes.TrimLeft(w.pending, " \n"))
	return err
}
