package cli

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// writeBytes writes what a guest has answered: its bytes alone, or with a line break
// behind them, when a terminal is shown no control characters.
func (l *live) writeBytes(b []byte, alone bool) error {
	switch {
	case alone:
	case onTerminal(l.out):
		b = append(escapeLines(b), '\n')
	default:
		b = append(b, '\n')
	}
	_, err := l.out.Write(b)
	return err
}

// writeLiteral writes a guest's value in a line: its literal, else its bytes in hex.
func (l *live) writeLiteral(literal, inHex string) error {
	if literal == "" && inHex != "" {
		literal = "0x" + inHex
	}
	_, err := io.WriteString(l.out, escape(literal)+"\n")
	return err
}

// escapeLines escapes a text of others and leaves it its lines.
func escapeLines(b []byte) []byte {
	lines := strings.Split(string(b), "\n")
	for i, line := range lines {
		lines[i] = escape(strings.TrimSuffix(line, "\r"))
	}
	return []byte(strings.Join(lines, "\n"))
}

// onTerminal reports whether what is written, or read, is so by a person.
func onTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
