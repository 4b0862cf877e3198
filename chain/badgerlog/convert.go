package badgerlog

import (
	"errors"
	"fmt"

	"github.com/theater-go/theater/chain/badgerlog/platform"
)

// Convert makes dir a folder of another durability, and returns the one it had. Nothing
// else of it changes. A folder becomes Sync when all that it holds is on the disk. A
// process that is killed meanwhile leaves it as it was or as it is to be. A folder that
// another process has open is *chain.InUseError, one that is none chain.ErrNotFound.
func Convert(dir, durability string) (before string, err error) {
	if err := knownDurability(durability); err != nil {
		return "", err
	}
	f, err := openFolder(dir, "", true)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if before = f.durability; before == durability {
		return before, nil
	}
	if durability == Sync {
		if err := platform.SyncTree(f.dir); err != nil {
			return before, fmt.Errorf("write to disk what the folder holds: %w", err)
		}
	}
	f.durability = durability
	return before, f.saveFormat()
}
