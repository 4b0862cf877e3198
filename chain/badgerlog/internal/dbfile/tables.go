package dbfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"

	"github.com/theater-go/theater/chain"
)

// checkTables reads the tables that the manifest lists and checks their sums. Badger
// does not, and takes damaged ones for what was written, passes over them, or dies.
func checkTables(dir string, manifest badger.Manifest, options badger.Options) error {
	for id, listed := range manifest.Tables {
		path := table.NewFilename(id, dir)
		b, err := os.ReadFile(path)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				err = fmt.Errorf("%s is missing: %w", path, chain.ErrCorrupt)
			}
			return err
		}
		err = survive(func() error {
			t, err := table.OpenInMemoryTable(b, id, &table.Options{Compression: listed.Compression, BlockSize: options.BlockSize})
			if err != nil {
				return err
			}
			return t.VerifyChecksum()
		})
		if err != nil {
			return fmt.Errorf("%s is damaged: %w: %w", filepath.Join(filepath.Base(dir), filepath.Base(path)), err, chain.ErrCorrupt)
		}
	}
	return nil
}
