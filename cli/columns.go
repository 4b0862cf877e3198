package cli

import (
	"io"
	"strings"
	"unicode/utf8"
)

// columns lays out rows that come bit by bit: a column is as wide as its widest cell
// so far, without those with which a row was made to end. It makes no copies of the cells, so that thousands of rows are cheap.
type columns struct{ widths []int }

const columnGap = 2

// text is the rows as lines, what is in them being made safe to be shown.
func (c *columns) text(rows [][]string) string {
	bytes := 0
	for _, row := range rows {
		for i, cell := range row {
			row[i] = escape(cell)
			if i == len(c.widths) {
				c.widths = append(c.widths, 0)
			}
			if i < len(row)-1 {
				c.widths[i] = max(c.widths[i], utf8.RuneCountInString(row[i]))
			}
			bytes += len(row[i]) + c.widths[i]
		}
	}
	var b strings.Builder
	b.Grow(bytes)
	for _, row := range rows {
		for len(row) > 0 && row[len(row)-1] == "" {
			row = row[:len(row)-1]
		}
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				writeBlanks(&b, c.widths[i]-utf8.RuneCountInString(cell)+columnGap)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

const blanks = "                                                                "

func writeBlanks(b *strings.Builder, n int) {
	for ; n > len(blanks); n -= len(blanks) {
		b.WriteString(blanks)
	}
	b.WriteString(blanks[:n])
}

// writeColumns writes a list that may be long.
func (p *program) writeColumns(rows [][]string) error {
	_, err := io.WriteString(p.out, new(columns).text(rows))
	return err
}

// writeRows is writeColumns for rows whose last column is long and of little
// interest beyond its beginning: a terminal has each in one line.
func (p *program) writeRows(rows [][]string) error {
	if !onTerminal(p.out) {
		return p.writeColumns(rows)
	}
	width, _ := sizeOf(p.out)
	_, err := io.WriteString(p.out, fitted(rows, width))
	return err
}

// fitted are rows whose lines are cut to the width.
func fitted(rows [][]string, width int) string {
	var b strings.Builder
	for line := range strings.Lines(new(columns).text(rows)) {
		b.WriteString(fit(strings.TrimSuffix(line, "\n"), width) + "\n")
	}
	return b.String()
}
