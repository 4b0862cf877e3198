package actors

import (
	"container/heap"
	"slices"
	"strconv"
	"strings"
)

// names tells siblings of one name apart: the first has the name, each other
// the lowest number that is free, name~2 and on. By path without the number.
type names map[string]*numbers

// numbers are those of one name.
type numbers struct {
	top  int    // the highest that was given out
	free lowest // those below that were given back
	used int    // how many are given out
}

// take returns the path of one more actor called base, and its number, 1 for
// none. Paths that are not vacant are left out.
func (n names) take(base string, vacant func(path string) bool) (path string, number int) {
	if vacant(base) {
		return base, 1
	}
	of := n[base]
	if of == nil {
		of = &numbers{top: 1}
		n[base] = of
	}
	for {
		number = of.next()
		if path = base + "~" + strconv.Itoa(number); vacant(path) {
			of.used++
			return path, number
		}
	}
}

// giveBack makes the path's number free.
func (n names) giveBack(path string, number int) {
	if number == 1 {
		return
	}
	base := path[:strings.LastIndexByte(path, '~')]
	of := n[base]
	if of.used--; of.used == 0 {
		delete(n, base)
		return
	}
	heap.Push(&of.free, number)
}

func (n *numbers) next() int {
	if len(n.free) > 0 {
		return heap.Pop(&n.free).(int)
	}
	n.top++
	return n.top
}

// lowest is a heap of numbers.
type lowest []int

func (l lowest) Len() int           { return len(l) }
func (l lowest) Less(i, j int) bool { return l[i] < l[j] }
func (l lowest) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *lowest) Push(n any)        { *l = append(*l, n.(int)) }

func (l *lowest) Pop() any {
	last := len(*l) - 1
	n := (*l)[last]
	*l = slices.Delete(*l, last, last+1)
	return n
}
