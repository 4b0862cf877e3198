package badgerlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog/platform"
)

// Face is what can be seen of a data folder without opening it.
type Face struct {
	Durability string // Async or Sync
	// Holder is the process that has it open, nil for none.
	Holder *chain.InUseError
	// Free is how many bytes the disk has left, and Needed how many it must have for
	// records to be taken.
	Free, Needed uint64
}

// Look looks at a data folder, which another process may have open. One that does not
// exist, or is none, is chain.ErrNotFound; one of a newer format chain.ErrVersion; a
// damaged one chain.ErrCorrupt.
func Look(dir string) (Face, error) {
	if _, err := os.Stat(filepath.Join(dir, "format")); errors.Is(err, fs.ErrNotExist) {
		return Face{}, fmt.Errorf("data folder %s: %w", dir, chain.ErrNotFound)
	}
	f := &folder{dir: dir}
	if err := f.readFormat(""); err != nil {
		return Face{}, err
	}
	face := Face{Durability: f.durability, Needed: defaultSizes.spaceFloor()}
	if kept, err := os.Stat(f.reserve()); err == nil {
		face.Needed -= min(face.Needed, uint64(kept.Size()))
	}
	var err error
	if face.Free, err = platform.FreeSpace(dir); err != nil {
		return Face{}, fmt.Errorf("free space at %s: %w", dir, err)
	}
	if err := platform.ProbeLock(filepath.Join(dir, "lock")); err != nil && !errors.As(err, &face.Holder) {
		return Face{}, err
	}
	return face, nil
}
