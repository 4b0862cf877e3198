package cli

import (
	"bufio"
	"io"
)

// listWriter writes a list as long as it may be: lines of text, or a JSON array with a
// line for each value. One that goes on has no array, and is seen at once.
type listWriter struct {
	to       *bufio.Writer
	json     bool
	endless  bool
	elements uint64 // so far
}

func (p *program) newListWriter(format string, endless bool) *listWriter {
	return &listWriter{to: bufio.NewWriter(p.out), json: format == formatJSON, endless: endless}
}

func (w *listWriter) begin() error {
	if w.json && !w.endless {
		_, err := io.WriteString(w.to, "[")
		return err
	}
	return nil
}

// value writes an element in JSON.
func (w *listWriter) value(v any) error {
	b, err := encodeJSON(v, false)
	if err != nil {
		return err
	}
	switch {
	case w.endless:
		return w.line(string(b))
	case w.elements == 0:
		return w.write("\n" + string(b))
	}
	return w.write(",\n" + string(b))
}

// line writes an element as a line of text.
func (w *listWriter) line(text string) error { return w.write(text + "\n") }

func (w *listWriter) write(text string) error {
	w.elements++
	if _, err := io.WriteString(w.to, text); err != nil || !w.endless {
		return err
	}
	return w.to.Flush()
}

func (w *listWriter) end() error {
	if w.json && !w.endless {
		if _, err := io.WriteString(w.to, "\n]\n"); err != nil {
			return err
		}
	}
	return w.to.Flush()
}
