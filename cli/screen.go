package cli

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// sizeOf is how many characters fit beside and below each other on a terminal.
func sizeOf(w io.Writer) (width, height int) {
	if f, ok := w.(*os.File); ok {
		if width, height, err := term.GetSize(int(f.Fd())); err == nil && width > 0 && height > 0 {
			return width, height
		}
	}
	return 80, 24
}

// repaint is what draws lines over those that were drawn before, cut to the width.
func repaint(lines []string, width int) string {
	var b strings.Builder
	b.WriteString("\x1b[H")
	for _, line := range lines {
		b.WriteString(fit(line, width) + "\x1b[K\r\n")
	}
	b.WriteString("\x1b[J")
	return b.String()
}

// fit cuts a line to the width.
func fit(line string, width int) string {
	if runes := []rune(line); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return line
}
