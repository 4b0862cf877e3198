package dbfile

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

// Prepare guards Badger against what a killed process or a damaged file leaves, for
// Badger changes what it opens: it deletes tables that its MANIFEST does not list, and
// cuts its logs where they are damaged. So the files of the database in dir are checked
// first. rebooted says that a power cut may have written any part of the logs. There is
// none yet when it is not found; a damaged one is chain.ErrCorrupt.
func Prepare(dir string, rebooted bool, options badger.Options, logger *slog.Logger) (found bool, err error) {
	files, err := listDatabase(dir, logger)
	if err != nil {
		return false, err
	}
	switch {
	case files.manifest == 0 && (len(files.tables) > 0 || len(files.values) > 0):
		return false, fmt.Errorf("database %s has tables and no %s: %w", dir, manifestName, chain.ErrCorrupt)
	case files.manifest == 0:
		return false, nil
	}
	return true, files.check(dir, rebooted, options)
}

// check checks the files of a database that has a manifest.
func (files *databaseFiles) check(dir string, rebooted bool, options badger.Options) error {
	listed, err := readManifest(filepath.Join(dir, manifestName), len(files.tables), len(files.logs), options)
	if err != nil {
		return err
	}
	if err := checkTables(dir, listed, options); err != nil {
		return err
	}
	closed := len(files.logs) == 0 // in order: all is in tables, and nothing was being written
	if closed || !rebooted {
		for _, path := range files.logs {
			if err := checkEntries(path, true); err != nil {
				return err
			}
		}
		if n := len(files.values); n > 0 { // Badger cuts no others
			return checkEntries(files.values[n-1], !closed)
		}
	}
	return nil
}

// databaseFiles are the files of a Badger database.
type databaseFiles struct {
	manifest             int64 // its size
	tables, logs, values []string
}

// listDatabase finds the files in a database's folder, which need not exist. It removes
// empty ones of a crash, which Badger cannot open.
func listDatabase(dir string, logger *slog.Logger) (files databaseFiles, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return files, nil
	}
	if err != nil {
		return files, fmt.Errorf("read database folder: %w", err)
	}
	for _, e := range entries { // sorted by name, which is a number of fixed length
		info, err := e.Info()
		if err != nil {
			return files, fmt.Errorf("read database folder: %w", err)
		}
		path := filepath.Join(dir, e.Name())
		switch ext := filepath.Ext(e.Name()); {
		case e.Name() == manifestName:
			files.manifest = info.Size()
		case (ext == ".mem" || ext == ".vlog") && info.Size() == 0:
			if err := os.Remove(path); err != nil {
				return files, fmt.Errorf("remove empty file: %w", err)
			}
			logger.Warn("removed an empty file left by a crash", "file", e.Name())
		case ext == ".mem":
			files.logs = append(files.logs, path)
		case ext == ".sst":
			files.tables = append(files.tables, path)
		case ext == ".vlog":
			files.values = append(files.values, path)
		}
	}
	return files, nil
}

// readManifest reads what the MANIFEST lists, and refuses one that lists fewer tables
// than there are, which Badger would delete. It lets pass what a process leaves that is
// killed between writing a table and listing it, or between listing what was made of
// some tables and removing those: then the MANIFEST is whole, and the log from which
// tables are made is still there.
func readManifest(path string, tables, logs int, options badger.Options) (badger.Manifest, error) {
	f, err := os.Open(path)
	if err != nil {
		return badger.Manifest{}, fmt.Errorf("read %s: %w", manifestName, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return badger.Manifest{}, fmt.Errorf("read %s: %w", manifestName, err)
	}
	var listed badger.Manifest
	var whole int64
	err = survive(func() (err error) {
		listed, whole, err = badger.ReplayManifestFile(f, options.ExternalMagicVersion, options)
		return err
	})
	if err != nil {
		return listed, fmt.Errorf("%s: %w: %w", path, err, chain.ErrCorrupt)
	}
	unlisted := tables - len(listed.Tables)
	explained := options.NumCompactors + options.NumMemtables + listed.Deletions
	if unlisted > 0 && (whole < info.Size() || logs == 0 || unlisted > explained) {
		return listed, fmt.Errorf("%s lists %d of %d tables: %w", path, len(listed.Tables), tables, chain.ErrCorrupt)
	}
	return listed, nil
}
