package cli

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

// columns lays out rows that come bit by bit: a column is as wide as its widest cell
// so far, without those with which a row was made to end. Rows that wait to be written
// are text in few pieces, for the first touch of memory is what thousands of them cost.
type columns struct {
	widths []int
	pieces [][]byte // each of whole rows, whose cells end with cellEnd and the last of them with rowEnd
}

const (
	columnGap = 2
	pieceSize = 1 << 16
	// What is safe to be shown has neither:
	cellEnd = 0
	rowEnd  = '\n'
)

// add makes what is in the row safe to be shown, in the row itself, and keeps nothing of
// it.
func (c *columns) add(row []string) {
	made, size := len(row), 1
	for len(row) > 0 && row[len(row)-1] == "" {
		row = row[:len(row)-1]
	}
	for i, cell := range row {
		if safe := escape(cell); safe != cell { // heads are there for all
			row[i] = safe
		}
		size += len(row[i]) + 1
		if i == len(c.widths) {
			c.widths = append(c.widths, 0)
		}
		if i < made-1 {
			c.widths[i] = max(c.widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	piece := c.room(size)
	for i, cell := range row {
		if i > 0 {
			*piece = append(*piece, cellEnd)
		}
		*piece = append(*piece, cell...)
	}
	*piece = append(*piece, rowEnd)
}

// room is a piece with room for size bytes.
func (c *columns) room(size int) *[]byte {
	if last := len(c.pieces) - 1; last >= 0 && cap(c.pieces[last])-len(c.pieces[last]) >= size {
		return &c.pieces[last]
	}
	c.pieces = append(c.pieces, make([]byte, 0, max(size, pieceSize)))
	return &c.pieces[len(c.pieces)-1]
}

// write writes the rows that were added as lines.
func (c *columns) write(to io.Writer) error {
	w := bufio.NewWriterSize(to, pieceSize)
	for _, rows := range c.pieces {
		for len(rows) > 0 {
			end := bytes.IndexByte(rows, rowEnd)
			row := rows[:end]
			rows = rows[end+1:]
			for i := 0; ; i++ {
				cell, rest, more := bytes.Cut(row, []byte{cellEnd})
				_, _ = w.Write(cell) // Flush has the error
				if row = rest; !more {
					break
				}
				writeBlanks(w, c.widths[i]-utf8.RuneCount(cell)+columnGap)
			}
			_ = w.WriteByte('\n')
		}
	}
	c.pieces = nil
	return w.Flush()
}

// addAll adds rows, and returns c.
func (c *columns) addAll(rows [][]string) *columns {
	for _, row := range rows {
		c.add(row)
	}
	return c
}

// text is the rows that were added as lines.
func (c *columns) text() string {
	var b strings.Builder
	_ = c.write(&b) // which takes all
	return b.String()
}

const blanks = "                                                                "

func writeBlanks(w *bufio.Writer, n int) {
	for ; n > len(blanks); n -= len(blanks) {
		_, _ = w.WriteString(blanks)
	}
	_, _ = w.WriteString(blanks[:n])
}

// writeColumns writes a list that may be long.
func (p *program) writeColumns(rows [][]string) error {
	return new(columns).addAll(rows).write(p.out)
}

// writeRows is writeColumns for rows whose last column is long and of little
// interest beyond its beginning: a terminal has each in one line.
func (p *program) writeRows(rows [][]string) error {
	return p.writeFitted(new(columns).addAll(rows))
}

func (p *program) writeFitted(c *columns) error {
	if !onTerminal(p.out) {
		return c.write(p.out)
	}
	width, _ := sizeOf(p.out)
	_, err := io.WriteString(p.out, fitted(c, width))
	return err
}

// fitted are rows whose lines are cut to the width.
func fitted(c *columns, width int) string {
	var b strings.Builder
	for line := range strings.Lines(c.text()) {
		b.WriteString(fit(strings.TrimSuffix(line, "\n"), width) + "\n")
	}
	return b.String()
}
