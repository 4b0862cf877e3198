package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
)

// CheckFolders says in the same way what is wrong with the folders of the settings.
func (e *Effective) CheckFolders() error {
	c := &settingsCheck{Effective: e}
	c.dataFolder()
	if e.Cache != "" {
		c.problem("cache", usableFolder(e.Cache))
	}
	c.problem("socket", checkSocket(e.Socket))
	return errors.Join(c.problems...)
}

func (c *settingsCheck) dataFolder() {
	if err := usableFolder(c.Data); err != nil {
		c.problem("data", err)
		return
	}
	face, err := badgerlog.Look(c.Data)
	switch {
	case errors.Is(err, chain.ErrNotFound):
		return
	case err != nil:
		c.problem("data", err)
		return
	}
	if c.Durability != "" && c.Durability != face.Durability {
		c.problem("durability", fmt.Errorf("data folder %s is %s, which was fixed when it was made", c.Data, face.Durability))
	}
	if face.Free < face.Needed {
		c.problem("data", fmt.Errorf("%s has %v free, and records need %v: %w", c.Data, Size(face.Free>>20<<20), Size(face.Needed), chain.ErrNoSpace))
	}
}

// usableFolder says why files cannot be made in a folder, or in the nearest one above
// it that is there, in which it would be made. It makes none.
func usableFolder(dir string) error {
	info, err := os.Stat(dir)
	parent := filepath.Dir(dir)
	switch {
	case (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)) && parent != dir:
		return usableFolder(parent)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is no folder", dir)
	case !mayWrite(dir):
		return fmt.Errorf("this user may not write to %s", dir)
	}
	return nil
}

// checkSocket says why a node could not make its socket at a path.
func checkSocket(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if err := CheckSocketPath(path); err != nil {
		return err
	}
	switch info, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there and is no socket", path)
	}
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); err == nil {
		if err := CheckSocketFolder(dir); err != nil {
			return err
		}
	}
	return usableFolder(dir)
}
