package manifest

import (
	"sort"

	"github.com/pelletier/go-toml/v2/unstable"
)

// position is a line and column of a file, both from 1; zero is nowhere.
type position struct{ line, column int }

// place says where a value of the document is written. The places of a
// document form the same tree as its values.
type place struct {
	offset int
	table  map[string]*place
	items  []*place
}

// key returns the place of a table's key; nil where there is none.
func (p *place) key(name string) *place {
	if p == nil {
		return nil
	}
	return p.table[name]
}

// item returns the place of an array's element, or the array's own.
func (p *place) item(i int) *place {
	if p == nil || i >= len(p.items) {
		return p
	}
	return p.items[i]
}

// enter returns the place of a key in a table, or in the newest table of an
// array of tables, and makes it where it is new.
func (p *place) enter(name string, offset int) *place {
	if n := len(p.items); n > 0 {
		p = p.items[n-1]
	}
	child := p.table[name]
	if child == nil {
		if p.table == nil {
			p.table = map[string]*place{}
		}
		child = &place{offset: offset}
		p.table[name] = child
	}
	return child
}

// lines holds the offset at which each line of a file starts.
type lines []int

func newLines(data []byte) lines {
	starts := lines{0}
	for i, c := range data {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// at returns the position of a place.
func (l lines) at(p *place) position {
	if p == nil {
		return position{}
	}
	line := sort.Search(len(l), func(i int) bool { return l[i] > p.offset })
	return position{line: line, column: p.offset - l[line-1] + 1}
}

// locate walks a document's expressions and returns the tree of places. It
// refuses a document beyond the bounds on keys and nesting, so that nothing
// after it recurses or multiplies without bound; reason is then not empty and
// the place is where the bound was crossed. A syntax error only ends the walk:
// the decoder reports it.
func locate(data []byte) (root *place, reason string) {
	var parser unstable.Parser
	parser.Reset(data)
	root = &place{}
	current := root
	w := walker{}
	for parser.NextExpression() {
		node := parser.Expression()
		switch node.Kind {
		case unstable.Table:
			current = w.key(root, node)
		case unstable.ArrayTable:
			array := w.key(root, node)
			current = &place{offset: w.last}
			array.items = append(array.items, current)
		case unstable.KeyValue:
			w.value(w.key(current, node), node.Value(), 1)
		}
		if w.reason != "" {
			return w.stopped, w.reason
		}
	}
	return root, ""
}

// walker builds places and holds the bounds.
type walker struct {
	keys    int
	last    int // offset of the key part entered last
	reason  string
	stopped *place
}

func (w *walker) stop(at *place, reason string) {
	if w.reason == "" {
		w.stopped, w.reason = at, reason
	}
}

// key enters the dotted key of a header or key-value pair.
func (w *walker) key(from *place, node *unstable.Node) *place {
	w.keys++
	depth := 0
	for it := node.Key(); it.Next(); depth++ {
		part := it.Node()
		w.last = int(part.Raw.Offset)
		from = from.enter(string(part.Data), w.last)
		if depth == maxDepth {
			w.stop(&place{offset: w.last}, tooDeep)
			break
		}
	}
	if w.keys > maxKeys {
		w.stop(&place{offset: w.last}, tooManyKeys)
	}
	return from
}

// value adds the places within a value.
func (w *walker) value(at *place, node *unstable.Node, depth int) {
	if depth > maxDepth {
		w.stop(at, tooDeep)
	}
	if w.reason != "" {
		return
	}
	switch node.Kind {
	case unstable.Array:
		for it := node.Children(); it.Next(); {
			item := &place{offset: int(it.Node().Raw.Offset)}
			if item.offset == 0 { // an array in an array has no range of its own
				item.offset = at.offset
			}
			at.items = append(at.items, item)
			w.value(item, it.Node(), depth+1)
		}
	case unstable.InlineTable:
		for it := node.Children(); it.Next(); {
			w.value(w.key(at, it.Node()), it.Node().Value(), depth+1)
		}
	}
}
