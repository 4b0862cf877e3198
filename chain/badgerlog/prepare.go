package badgerlog

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"

	"github.com/theater-go/theater/chain"
)

const manifestName = "MANIFEST"

// prepareDatabase guards Badger against what a killed process or a damaged file
// leaves: it removes empty files that Badger cannot open, and refuses a folder
// whose tables Badger would delete because its MANIFEST does not list them.
func prepareDatabase(dir string, options badger.Options, logger *slog.Logger) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read database folder: %w", err)
	}
	hasManifest, hasData := false, false
	tables, logs := 0, 0
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return fmt.Errorf("read database folder: %w", err)
		}
		switch ext := filepath.Ext(e.Name()); {
		case e.Name() == manifestName:
			hasManifest = info.Size() > 0
		case (ext == ".mem" || ext == ".vlog") && info.Size() == 0:
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("remove empty file: %w", err)
			}
			logger.Warn("removed an empty file left by a crash", "file", e.Name())
		case ext == ".mem":
			logs++
		case ext == ".sst":
			tables++
			hasData = true
		case ext == ".vlog":
			hasData = true
		}
	}
	switch {
	case !hasData:
		return nil
	case !hasManifest:
		return fmt.Errorf("database %s has tables and no %s: %w", dir, manifestName, chain.ErrCorrupt)
	}
	return checkManifest(filepath.Join(dir, manifestName), tables, logs, options)
}

// checkManifest refuses a MANIFEST that lists fewer tables than there are, which
// Badger would delete. It lets pass what a process leaves that is killed between
// writing a table and listing it, or between listing what was made of some tables and
// removing those: then the MANIFEST is whole, and the log from which tables are made
// is still there.
func checkManifest(path string, tables, logs int, options badger.Options) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read %s: %w", manifestName, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read %s: %w", manifestName, err)
	}
	listed, whole, err := badger.ReplayManifestFile(f, options.ExternalMagicVersion, options)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", path, err, chain.ErrCorrupt)
	}
	unlisted := tables - len(listed.Tables)
	explained := options.NumCompactors + options.NumMemtables + listed.Deletions
	if unlisted > 0 && (whole < info.Size() || logs == 0 || unlisted > explained) {
		return fmt.Errorf("%s lists %d of %d tables: %w", path, len(listed.Tables), tables, chain.ErrCorrupt)
	}
	return nil
}
