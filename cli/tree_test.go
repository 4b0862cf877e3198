package cli_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/cli"
)

// grow makes a tree of paths, each of which comes after the one above it.
func grow(paths ...string) *actors.Tree {
	t := &actors.Tree{}
	t.Path = paths[0]
	for _, path := range paths[1:] {
		at := t
		for i := 0; i < len(at.Children); i++ {
			if strings.HasPrefix(path, at.Children[i].Path+"/") {
				at, i = &at.Children[i], -1
			}
		}
		child := actors.Tree{}
		child.Path = path
		at.Children = append(at.Children, child)
	}
	return t
}

func TestATreeIsDrawn(t *testing.T) {
	shop := grow("/shop", "/shop/till", "/shop/tills", "/shop/tills/1", "/shop/tills/1/a", "/shop/tills/2", "/shop/stock", "/shop/stock/x")
	wide := []string{"/wide"}
	for i := range 1000 {
		wide = append(wide, fmt.Sprintf("/wide/%d", i))
	}
	for name, c := range map[string]struct {
		tree *actors.Tree
		most int
		want string
	}{
		"one actor alone":       {grow("/shop"), 0, "/shop"},
		"one actor and no room": {grow("/shop"), 1, "/shop"},
		"a tree with all that is in it": {shop, 0, `
/shop
├─ till
├─ tills
│  ├─ 1
│  │  └─ a
│  └─ 2
└─ stock
   └─ x`},
		"a tree with just enough room": {shop, 8, `
/shop
├─ till
├─ tills
│  ├─ 1
│  │  └─ a
│  └─ 2
└─ stock
   └─ x`},
		"the upper ones come first": {shop, 5, `
/shop
├─ till
├─ tills
│  ├─ 1
│  │  └─ … 1 more
│  └─ … 1 more
└─ stock
   └─ … 1 more`},
		"those left out are counted with all below them": {shop, 2, `
/shop
├─ till
└─ … 6 more`},
		"a wide one": {grow(wide...), 3, `
/wide
├─ 0
├─ 1
└─ … 998 more`},
		"a name that is none": {grow("/a\x1b[31m", "/a\x1b[31m/\u202eb"), 0, `
/a\x1b[31m
└─ \u202eb`},
	} {
		t.Run(name, func(t *testing.T) {
			if got, want := strings.Join(cli.Drawn(c.tree, c.most), "\n"), strings.TrimPrefix(c.want, "\n"); got != want {
				t.Errorf("drawn:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestChainsAreListedAsTrees(t *testing.T) {
	id := func(n byte) (id chain.ID) { id[15] = n; return id }
	of := func(n, parent byte, created int64, path string) chain.Summary {
		return chain.Summary{ID: id(n), Parent: chain.Ref{Actor: id(parent)}, Created: created, Path: path}
	}
	for name, c := range map[string]struct {
		all  []chain.Summary
		want string
	}{
		"none": {nil, ""},
		"each before those below it": {
			[]chain.Summary{of(4, 2, 40, "/a/b/c"), of(3, 1, 30, "/a/d"), of(2, 1, 20, "/a/b"), of(1, 0, 10, "/a")}, "/a /a/b /a/b/c /a/d"},
		"each run by itself, the older one first": {
			[]chain.Summary{of(4, 3, 40, "/a/b2"), of(3, 0, 30, "/a"), of(2, 1, 20, "/a/b1"), of(1, 0, 10, "/a")}, "/a /a/b1 /a /a/b2"},
		"one that was spawned late is with the others": {
			[]chain.Summary{of(1, 0, 10, "/a"), of(3, 0, 30, "/z"), of(4, 1, 40, "/a/late")}, "/a /a/late /z"},
		"one whose parent is not there": {
			[]chain.Summary{of(2, 9, 20, "/a/b"), of(1, 0, 10, "/z")}, "/z /a/b"},
		"those that say they are above each other": {
			[]chain.Summary{of(1, 2, 10, "/a"), of(2, 1, 20, "/b"), of(3, 0, 30, "/c"), of(4, 4, 40, "/d")}, "/c /a /b /d"},
		"those of one moment, the upper one first": {
			[]chain.Summary{of(2, 9, 10, "/b/a"), of(3, 9, 10, "/b"), of(1, 9, 10, "/a")}, "/a /b /b/a"},
	} {
		t.Run(name, func(t *testing.T) {
			var paths []string
			for _, s := range cli.AsTrees(slices.Clone(c.all)) {
				paths = append(paths, s.Path)
			}
			if got := strings.Join(paths, " "); got != c.want {
				t.Errorf("listed: %s, want %s", got, c.want)
			}
		})
	}
}
