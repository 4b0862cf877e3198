package top

import (
	"cmp"
	"slices"
	"strings"
)

// table says which rows are shown, in which order, and which of them is selected.
type table struct {
	rows      []row
	collapsed map[string]bool // by key
	filter    string          // in lower case
	order     int             // the column that rows are sorted by; 0 is the tree
	reverse   bool
	shown     []int // places of rows
	widest    int   // of the labels

	selected string // key
	at       int    // its place in shown
	first    int    // the place in shown of the first that is on the screen
	height   int    // how many are
}

// set takes the rows of another look. The selection stays with its actor; when that
// is gone, it stays where it is.
func (t *table) set(rows []row) {
	t.rows = rows
	t.arrange()
}

// arrange makes shown anew.
func (t *table) arrange() {
	t.shown = t.shown[:0]
	if t.order == 0 {
		t.arrangeTree()
	} else {
		t.arrangeList()
	}
	t.widest = t.wish()
	if at := slices.IndexFunc(t.shown, func(i int) bool { return t.rows[i].key() == t.selected }); at >= 0 {
		t.at = at
	}
	t.moveTo(t.at)
}

func (t *table) arrangeTree() {
	wanted := t.wanted()
	for i := 0; i < len(t.rows); i++ {
		if wanted != nil && !wanted[i] {
			continue
		}
		t.shown = append(t.shown, i)
		if wanted == nil && t.collapsed[t.rows[i].key()] {
			i += t.rows[i].below
		}
	}
}

// wanted are the rows that the filter finds, and those above them. It is nil when
// there is no filter.
func (t *table) wanted() []bool {
	if t.filter == "" {
		return nil
	}
	wanted := make([]bool, len(t.rows))
	for i := range t.rows {
		for at := i; at >= 0 && t.found(i) && !wanted[at]; at = t.rows[at].parent {
			wanted[at] = true
		}
	}
	return wanted
}

// found reports whether the filter finds a row.
func (t *table) found(i int) bool {
	r := &t.rows[i]
	return t.filter == "" || strings.Contains(strings.ToLower(r.Path), t.filter) ||
		strings.Contains(strings.ToLower(r.Failure), t.filter) || r.Status == t.filter || strings.HasPrefix(r.ID, t.filter)
}

func (t *table) arrangeList() {
	for i := range t.rows {
		if t.found(i) {
			t.shown = append(t.shown, i)
		}
	}
	by := columns[t.order].compare
	slices.SortStableFunc(t.shown, func(a, b int) int {
		x, y := &t.rows[a], &t.rows[b]
		if t.reverse {
			x, y = y, x
		}
		return cmp.Or(by(x, y), cmp.Compare(a, b))
	})
}

// sort goes on to another column, by one or back by one.
func (t *table) sort(by int) {
	t.order = (t.order + by + len(columns)) % len(columns)
	t.reverse = false
	t.arrange()
}

// moveTo selects the row at a place in shown, and has the screen show it.
func (t *table) moveTo(at int) {
	t.at = max(min(at, len(t.shown)-1), 0)
	if r := t.current(); r != nil {
		t.selected = r.key()
	}
	t.scroll()
}

// scroll moves the screen no further than the selected row needs it.
func (t *table) scroll() {
	t.first = min(t.first, t.at, max(len(t.shown)-t.height, 0))
	t.first = max(t.first, t.at-t.height+1, 0)
}

// current is the selected row, nil when there is none.
func (t *table) current() *row {
	if t.at >= len(t.shown) {
		return nil
	}
	return &t.rows[t.shown[t.at]]
}

// screen are the places of the rows that are on the screen.
func (t *table) screen() []int {
	return t.shown[t.first:min(t.first+t.height, len(t.shown))]
}

// fold hides what is below the selected row. Where nothing is, it selects the one
// above.
func (t *table) fold() {
	r := t.current()
	switch {
	case r == nil || t.order != 0:
	case r.below > 0 && !t.collapsed[r.key()]:
		t.collapsed[r.key()] = true
		t.arrange()
	case r.parent >= 0:
		t.moveTo(slices.Index(t.shown, r.parent))
	}
}

// unfold shows what is below the selected row.
func (t *table) unfold() {
	if r := t.current(); r != nil && t.collapsed[r.key()] {
		delete(t.collapsed, r.key())
		t.arrange()
	}
}

// foldAll hides what is below the rows at the top, or shows everything if something is
// hidden.
func (t *table) foldAll() {
	if len(t.collapsed) > 0 {
		clear(t.collapsed)
	} else {
		for i := range t.rows {
			if r := &t.rows[i]; r.depth == 0 && r.below > 0 {
				t.collapsed[r.key()] = true
			}
		}
		for r := t.current(); r != nil && r.parent >= 0; r = &t.rows[r.parent] {
			t.selected = t.rows[r.parent].key()
		}
	}
	t.arrange()
}
