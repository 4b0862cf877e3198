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

// formatVersion is the newest format of a data folder that is understood.
const formatVersion = 1

const formatText = "theater data folder\nversion %d\ndurability %s\n"

// folder is an open data folder: it holds the lock.
type folder struct {
	dir        string
	durability string
	lock       *os.File
}

func (f *folder) database() string { return filepath.Join(f.dir, "db") }

// openFolder locks dir and reads its format, or makes a new folder. A process that
// has it and is ending is waited for.
func openFolder(dir, durability string, existing bool) (*folder, error) {
	if durability != "" {
		if err := knownDurability(durability); err != nil {
			return nil, err
		}
	}
	if existing {
		if _, err := os.Stat(filepath.Join(dir, "format")); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("data folder %s: %w", dir, chain.ErrNotFound)
		}
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	lock, err := platform.UnlessEnding(func() (*os.File, error) { return platform.Lock(filepath.Join(dir, "lock")) }, holderIn)
	if err != nil {
		return nil, err
	}
	f := &folder{dir: dir, lock: lock}
	if err := f.readFormat(durability); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

func holderIn(err error) (pid int) {
	var held *chain.InUseError
	if errors.As(err, &held) {
		return held.PID
	}
	return 0
}

func knownDurability(durability string) error {
	if durability != Async && durability != Sync {
		return fmt.Errorf("durability %q is neither %s nor %s", durability, Async, Sync)
	}
	return nil
}

func (f *folder) close() error { return f.lock.Close() }

func (f *folder) readFormat(durability string) error {
	text, err := os.ReadFile(filepath.Join(f.dir, "format"))
	if errors.Is(err, fs.ErrNotExist) {
		return f.writeFormat(durability)
	}
	if err != nil {
		return fmt.Errorf("read format: %w", err)
	}
	var version int
	if _, err := fmt.Sscanf(string(text), "theater data folder\nversion %d\n", &version); err != nil {
		return fmt.Errorf("data folder %s: read format: %w", f.dir, chain.ErrCorrupt)
	}
	if version > formatVersion {
		return fmt.Errorf("data folder %s is of version %d, newer than %d: %w", f.dir, version, formatVersion, chain.ErrVersion)
	}
	if _, err := fmt.Sscanf(string(text), formatText, &version, &f.durability); err != nil ||
		f.durability != Async && f.durability != Sync {
		return fmt.Errorf("data folder %s: read format: %w", f.dir, chain.ErrCorrupt)
	}
	if durability != "" && durability != f.durability {
		return fmt.Errorf("data folder %s is %s, not %s", f.dir, f.durability, durability)
	}
	return nil
}

// writeFormat makes a new folder of dir, which must hold no database yet.
func (f *folder) writeFormat(durability string) error {
	if _, err := os.Stat(f.database()); err == nil {
		return fmt.Errorf("data folder %s has a database and no format file: %w", f.dir, chain.ErrCorrupt)
	}
	f.durability = durability
	if durability == "" {
		f.durability = Async
	}
	return f.saveFormat()
}

func (f *folder) saveFormat() error {
	text := fmt.Sprintf(formatText, formatVersion, f.durability)
	if err := platform.WriteFile(filepath.Join(f.dir, "format"), text, 0o600); err != nil {
		return fmt.Errorf("write format: %w", err)
	}
	return nil
}
