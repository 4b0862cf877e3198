package merkle_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog/internal/merkle"
	"github.com/theater-go/theater/chain/chaintest"
)

func leaf(n int64) tlog.Hash { return tlog.RecordHash(fmt.Append(nil, "leaf ", n)) }

// grow adds leaves up to count.
func grow(t *testing.T, tree *merkle.Tree, count int64) {
	t.Helper()
	for tree.Count() < count {
		chaintest.Must(t, tree.Append(leaf(tree.Count())))
	}
}

func opened(t *testing.T, path string, readOnly bool) *merkle.Tree {
	t.Helper()
	tree, err := merkle.Open(path, readOnly)
	chaintest.Must(t, err)
	t.Cleanup(func() { tree.Close() })
	return tree
}

// same fails unless a tree has the roots of one that was never in a file.
func same(t *testing.T, tree *merkle.Tree, count int64) {
	t.Helper()
	if tree.Count() != count {
		t.Fatalf("%d leaves, not %d", tree.Count(), count)
	}
	var memory merkle.Tree
	grow(t, &memory, count)
	for n := range count + 1 {
		got, err := tree.Root(n)
		chaintest.Must(t, err)
		want, err := memory.Root(n)
		if chaintest.Must(t, err); got != want {
			t.Errorf("root of %d leaves: %v, want %v", n, got, want)
		}
	}
	leaves, nodes, err := tree.Differences(&memory)
	if chaintest.Must(t, err); len(leaves) > 0 || nodes {
		t.Errorf("it differs in leaves %v, and in others: %t", leaves, nodes)
	}
}

func TestATreeInAFileIsTheOneInMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tree")
	tree := opened(t, path, false)
	grow(t, tree, 9)
	chaintest.Must(t, tree.Write())
	grow(t, tree, 13) // some of them in the file, some not yet
	same(t, tree, 13)
	chaintest.Must(t, tree.Write())
	same(t, opened(t, path, true), 13)
}

func TestLeavesAreTakenAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tree")
	tree := opened(t, path, false)
	grow(t, tree, 9)
	chaintest.Must(t, tree.Write())
	grow(t, tree, 13)
	for _, count := range []int64{11, 6} {
		chaintest.Must(t, tree.Cut(count))
		same(t, tree, count)
	}
	same(t, opened(t, path, true), 6)
	if _, err := tree.Root(7); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("root of more leaves than there are: %v", err)
	}
	if _, err := tree.Leaf(6); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("a leaf that was taken away: %v", err)
	}
}

func TestWhatMakesNoWholeLeafDoesNotCount(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tree")
	tree := opened(t, path, false)
	grow(t, tree, 8) // the last completes three nodes
	chaintest.Must(t, tree.Write())
	chaintest.Must(t, os.Truncate(path, tlog.StoredHashCount(8)*tlog.HashSize-1))
	torn := opened(t, path, false)
	same(t, torn, 7)
	grow(t, torn, 8)
	chaintest.Must(t, torn.Write())
	same(t, opened(t, path, true), 8)
}

func TestATreeThatIsOnlyReadLeavesItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tree")
	tree := opened(t, path, false)
	grow(t, tree, 5)
	chaintest.Must(t, tree.Write())
	before, err := os.ReadFile(path)
	chaintest.Must(t, err)
	read := opened(t, path, true)
	grow(t, read, 7)
	chaintest.Must(t, read.Write())
	same(t, read, 7)
	chaintest.Must(t, read.Cut(3))
	after, err := os.ReadFile(path)
	if chaintest.Must(t, err); !slices.Equal(before, after) {
		t.Error("the file has changed")
	}
}

func TestTreesDifferInLeavesOrInNodes(t *testing.T) {
	var a, b merkle.Tree
	grow(t, &a, 6)
	grow(t, &b, 2)
	chaintest.Must(t, b.Append(leaf(100)))
	grow(t, &b, 5)
	leaves, nodes, err := a.Differences(&b)
	if chaintest.Must(t, err); !slices.Equal(leaves, []int64{2}) || !nodes {
		t.Errorf("they differ in leaves %v, and in others: %t", leaves, nodes)
	}
}
