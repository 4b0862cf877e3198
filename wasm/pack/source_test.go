//go:build !wasip1

package pack_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm/pack"
)

func TestTheSourceIsEveryFileOfThePackageAndNoTest(t *testing.T) {
	want, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	want = slices.DeleteFunc(want, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	got, err := fs.Glob(pack.Source(), "*")
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%v, %v; want %v", got, err, want)
	}
	for _, name := range got {
		embedded, err := fs.ReadFile(pack.Source(), name)
		if err != nil {
			t.Fatal(err)
		}
		if disk, err := os.ReadFile(name); err != nil || !bytes.Equal(embedded, disk) {
			t.Errorf("%s differs: %v", name, err)
		}
	}
}
