package top

import (
	"cmp"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// column is one of the table.
type column struct {
	head    string
	width   int  // 0 is what is left
	right   bool // numbers stand at the right
	rank    int  // where there is no room for all, those of a high rank are left out
	text    func(r *row, known bool) string
	compare func(a, b *row) int // what is worth a look first
}

// columns are those of the table, in their order. The first is the tree.
var columns = []column{
	{head: "ACTOR", compare: func(a, b *row) int { return 0 }},
	{head: "STATUS", width: 10, rank: 1, text: func(r *row, _ bool) string { return r.Status },
		compare: func(a, b *row) int { return cmp.Compare(calm(a.Status), calm(b.Status)) }},
	{head: "BUSY", width: 9, rank: 4, text: func(r *row, _ bool) string { return busy(r.Busy, r.Waits) },
		compare: func(a, b *row) int { return cmp.Compare(b.Busy, a.Busy) }},
	{head: "MAILBOX", width: 7, right: true, rank: 3, text: func(r *row, _ bool) string { return number(r.Mailbox) },
		compare: func(a, b *row) int { return cmp.Compare(b.Mailbox, a.Mailbox) }},
	{head: "TURNS/S", width: 7, right: true, rank: 2, text: func(r *row, known bool) string { return paceOf(r.turnRate, known) },
		compare: func(a, b *row) int { return cmp.Compare(b.turnRate, a.turnRate) }},
	{head: "FUEL/S", width: 7, right: true, rank: 7, text: func(r *row, known bool) string { return paceOf(r.fuelRate, known) },
		compare: func(a, b *row) int { return cmp.Compare(b.fuelRate, a.fuelRate) }},
	{head: "MEMORY", width: 8, right: true, rank: 6, text: func(r *row, _ bool) string { return bytes(r.Memory) },
		compare: func(a, b *row) int { return cmp.Compare(b.Memory, a.Memory) }},
	{head: "RESTARTS", width: 8, right: true, rank: 5, text: func(r *row, _ bool) string { return number(r.Restarts) },
		compare: func(a, b *row) int { return cmp.Compare(b.Restarts, a.Restarts) }},
	{head: "LAST FAILURE", rank: 8, text: func(r *row, _ bool) string { return r.Failure },
		compare: func(a, b *row) int {
			return cmp.Or(cmp.Compare(len(b.Failure), 0)-cmp.Compare(len(a.Failure), 0), cmp.Compare(a.Failure, b.Failure))
		}},
}

// calm is how little a status asks for.
func calm(status string) int {
	return map[string]int{"ended": 0, "restarting": 1, "stopping": 2, "starting": 3, "running": 4}[status]
}

func paceOf(f float64, known bool) string {
	if !known {
		return "–"
	}
	return pace(f)
}

// How wide the columns are at least that take what is left.
const (
	leastActor   = 24
	leastFailure = 16
	gap          = 2 // between two columns
)

// layout is the width of each column on a screen, where the first wishes for so much; 0
// leaves one out.
func layout(width, wish int) []int {
	widths := make([]int, len(columns))
	left := width - leastActor
	for rank := 1; rank < len(columns); rank++ {
		for i, c := range columns {
			if c.rank != rank {
				continue
			}
			needs := gap + c.width
			if c.width == 0 {
				needs = gap + leastFailure
			}
			if needs > left {
				widths[0] = max(leastActor+left, 1)
				return widths
			}
			widths[i], left = needs-gap, left-needs
		}
	}
	more := max(min(wish-leastActor, left*3/5), 0)
	widths[0] = leastActor + more
	widths[len(columns)-1] += left - more
	return widths
}

// heads is the line above the table. The mark of the order stands before its column.
func (t *table) heads(widths []int) string {
	var b strings.Builder
	for i, c := range columns {
		if widths[i] == 0 {
			continue
		}
		mark := " "
		if i == t.order {
			mark = map[bool]string{false: "▾", true: "▴"}[t.reverse]
		}
		if i == 0 {
			b.WriteString(fit(mark+c.head, widths[i], false))
		} else {
			b.WriteString(strings.Repeat(" ", gap-1) + mark + fit(c.head, widths[i], c.right))
		}
	}
	return bold.paint(b.String())
}

// line is a row of the table.
func (t *table) line(place int, widths []int, known bool) string {
	r := &t.rows[place]
	var b strings.Builder
	cell(&b, 0, fit(t.label(r), widths[0], false))
	look := t.looks(r)
	for i, c := range columns {
		if i == 0 || widths[i] == 0 {
			continue
		}
		text := fit(c.text(r, known), widths[i], c.right)
		if i == 1 {
			text = look.paint(text)
		}
		cell(&b, i, text)
	}
	return b.String()
}

// cell adds a cell to a line.
func cell(b *strings.Builder, column int, text string) {
	if column > 0 {
		b.WriteString(strings.Repeat(" ", gap))
	}
	b.WriteString(text)
}

// wish is how wide the widest label is.
func (t *table) wish() int {
	widest := 0
	for i := range t.rows {
		r := &t.rows[i]
		if t.order == 0 {
			widest = max(widest, 2*r.depth+2+ansi.StringWidth(r.name))
		} else {
			widest = max(widest, ansi.StringWidth(r.Path))
		}
	}
	return widest
}

// label is what a row is called: in the tree by its name, below the one above it.
func (t *table) label(r *row) string {
	if t.order != 0 {
		return r.Path
	}
	mark := "  "
	switch {
	case r.below > 0 && t.collapsed[r.key()] && t.filter == "":
		return strings.Repeat("  ", r.depth) + "▸ " + r.name + " (" + number(int64(r.below)) + ")"
	case r.below > 0:
		mark = "▾ "
	}
	return strings.Repeat("  ", r.depth) + mark + r.name
}

// looks is the colour of a status. That of the selected row is that of its line.
func (t *table) looks(r *row) style {
	if r.key() == t.selected {
		return plain
	}
	return map[string]style{"running": green, "starting": cyan, "restarting": yellow, "stopping": yellow, "ended": red}[r.Status]
}
