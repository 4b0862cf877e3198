package manifest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors/manifest"
)

func TestAManifestKnowsItsFolderAndThoseOfItsChildren(t *testing.T) {
	home, _ := house(t)
	m := at(t, filepath.Join(home, "rooms", "kid"))
	if got, want := m.Folder(), filepath.Join(home, "rooms", "kid"); got != want {
		t.Errorf("it lies in %s, not in %s", got, want)
	}
	// As its bytes are kept, it is put back into the folder; the children's need not be read.
	again, err := manifest.Parse(m.Raw, "manifest of /room", registry{})
	if err != nil {
		t.Fatal(err)
	}
	if again.Folder() != "" || again.FolderOf(&again.Children[0]) != "" {
		t.Errorf("it lies in %s, which nobody has said", again.Folder())
	}
	again.PutIn(m.Folder())
	for i := range again.Children {
		c := &again.Children[i]
		if got, want := again.FolderOf(c), m.Children[i].Manifest.Folder(); got != want {
			t.Errorf("%s lies in %s, not in %s", c.File, got, want)
		}
	}
	if again.Folder() != m.Folder() {
		t.Errorf("it lies in %s", again.Folder())
	}
	if _, err := again.Reference("..", registry{}); err == nil {
		t.Error("a reference leads out of the folder")
	}
	again.PutIn(home)
	if found, err := again.Reference("rooms/near.toml", registry{}); err != nil || found.Folder() != filepath.Join(home, "rooms") {
		t.Errorf("a reference gives %v, %v", found, err)
	}
}

func TestTheFolderOfAChildIsKnownWhenItIsGone(t *testing.T) {
	dir := folder(t, map[string]string{"a.toml/manifest.toml": named("a"), "b/manifest.toml": named("b"), "c/c.toml": named("c")})
	m, err := manifest.Parse([]byte(named("top", "a a.toml", "b b", "c c/c.toml")), filepath.Join(dir, "manifest.toml"), registry{})
	if err != nil {
		t.Fatal(err)
	}
	of := func() string {
		var all []string
		for i := range m.Children {
			all = append(all, filepath.Base(m.FolderOf(&m.Children[i])))
		}
		return strings.Join(all, " ")
	}
	if got := of(); got != "a.toml b c" {
		t.Errorf("they lie in %s", got)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	// Of what is gone, the name tells a folder from a file.
	if got := of(); got != filepath.Base(dir)+" b c" {
		t.Errorf("once they are gone they lie in %s", got)
	}
}

func TestAReferenceSaysThatTheFolderIsGone(t *testing.T) {
	home, _ := house(t)
	m := at(t, home)
	if err := os.RemoveAll(home); err != nil {
		t.Fatal(err)
	}
	_, err := m.Reference("kid.toml", registry{})
	if err == nil || err.Error() != `manifest "kid.toml" cannot be found: the folder that the actor's own manifest lay in is gone` {
		t.Errorf("the reference gives %v", err)
	}
}
