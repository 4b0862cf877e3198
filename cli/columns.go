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
