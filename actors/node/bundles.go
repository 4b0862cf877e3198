package node

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/theater-go/theater/chain"
)

// bundlesFolder is where in the data folder the files lie that clients have brought
// along, those of each bundle in a folder that is called by their sum.
const bundlesFolder = "bundles"

// sweepBundles removes the bundles that no actor needs which lives or may come back:
// what its guest may yet spawn lies there. What actors were made from is on the log.
// No client may spawn meanwhile.
func (d *daemon) sweepBundles(ctx context.Context) {
	removed, err := d.removeBundles(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		d.Logger.Warn("old bundles are left", "error", err)
	case removed > 0:
		d.Logger.Info("old bundles are removed", "bundles", removed)
	}
}

func (d *daemon) removeBundles(ctx context.Context) (removed int, err error) {
	dir := filepath.Join(d.Data, bundlesFolder)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || len(entries) == 0 {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	needed, err := d.neededFolders(ctx)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		if !isSum(e.Name()) || needed[e.Name()] {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

// neededFolders are the parts of the paths in which manifests of actors lay that live
// or may come back.
func (d *daemon) neededFolders(ctx context.Context) (map[string]bool, error) {
	needed := map[string]bool{}
	for s, err := range d.node.Log.Actors(ctx) {
		if err != nil {
			return nil, fmt.Errorf("read which actors there are: %w", err)
		}
		if s.Status == chain.StatusStopped {
			continue
		}
		for part := range strings.SplitSeq(filepath.ToSlash(s.Folder), "/") {
			needed[part] = true
		}
	}
	return needed, nil
}

// isSum reports whether a name is a sha256 in hex.
func isSum(name string) bool {
	sum, err := hex.DecodeString(name)
	return err == nil && len(sum) == len(chain.Hash{}) && strings.ToLower(name) == name
}
