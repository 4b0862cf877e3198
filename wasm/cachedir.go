package wasm

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
)

// cacheVersion names the layout of the cache folder; wazero adds its own
// version and the machine's architecture below it.
const cacheVersion = "v1"

// secureCacheDir makes the folder for compiled code below dir and checks that
// nobody else can write to it.
func secureCacheDir(dir string) (string, error) {
	path := filepath.Join(dir, cacheVersion)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", err
	}
	for _, p := range []string{dir, path} {
		info, err := os.Stat(p)
		if err != nil {
			return "", err
		}
		if !ownedByUs(info) {
			return "", fmt.Errorf("%s belongs to another user; remove it or name another folder", p)
		}
		if info.Mode().Perm()&0o077 != 0 {
			if err := os.Chmod(p, 0o700); err != nil {
				return "", err
			}
		}
	}
	return path, nil
}

// codeCache is the folder of compiled code as the engine and its compiling
// processes share it. Processes write into folders of their own beside it, and
// the engine takes over what one that ended well has left:
//
//	v1/wazero-v1.12.0-amd64-linux/0123…          native code, by wazero's own key
//	v1/wazero-v1.12.0-amd64-linux/4567….compiled that key, by the sha256 of the rewritten module
//	v1/staging-…/                                what a process is writing
type codeCache struct {
	path   string
	folder string // wazero's, in path
}

const stagingPrefix = "staging-"

// stagingAge is how old the folder of a process must be to be that of one that
// is gone.
const stagingAge = 24 * time.Hour

// openCodeCache opens a folder that secureCacheDir has made, and clears it of
// what processes left there that were killed.
func openCodeCache(path string) (*codeCache, error) {
	c := &codeCache{path: path}
	left, err := filepath.Glob(filepath.Join(path, stagingPrefix+"*"))
	if err != nil {
		return nil, err
	}
	for _, dir := range left {
		if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > stagingAge {
			if err := os.RemoveAll(dir); err != nil {
				return nil, err
			}
		}
	}
	c.folder, err = c.wazeroFolder()
	return c, err
}

// wazeroFolder is what wazero calls its folder for this version and machine: the
// one that it makes in an empty one.
func (c *codeCache) wazeroFolder() (string, error) {
	empty, err := c.stage()
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(empty)
	if _, err := wazero.NewCompilationCacheWithDir(empty); err != nil {
		return "", err
	}
	made, err := os.ReadDir(empty)
	if err != nil {
		return "", err
	}
	if len(made) != 1 {
		return "", fmt.Errorf("wazero makes %d folders in its cache, not one", len(made))
	}
	return made[0].Name(), nil
}

// stage makes the folder for one process.
func (c *codeCache) stage() (string, error) { return os.MkdirTemp(c.path, stagingPrefix) }

func (c *codeCache) mark(sum [32]byte) string {
	return filepath.Join(c.path, c.folder, hex.EncodeToString(sum[:])+".compiled")
}

// knows reports whether a module was compiled by a process and its code is
// still there.
func (c *codeCache) knows(sum [32]byte) bool {
	key, err := os.ReadFile(c.mark(sum))
	if err != nil || !isKey(string(key)) {
		return false
	}
	_, err = os.Stat(filepath.Join(c.path, c.folder, string(key)))
	return err == nil
}

// adopt takes over the file with the code of a module that a process has left
// in its folder, unless it has more bytes than most.
func (c *codeCache) adopt(staging, file string, sum [32]byte, most int64) error {
	folder, key := filepath.Split(file)
	if strings.TrimRight(folder, string(filepath.Separator)) != c.folder || !isKey(key) {
		return fmt.Errorf("the result is %q, not in %s: the command is not of the same build", file, c.folder)
	}
	made := filepath.Join(staging, c.folder, key)
	info, err := os.Lstat(made)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("the result is not a file")
	case info.Size() > most:
		return fmt.Errorf("the result has %d bytes, the limit is %d", info.Size(), most)
	}
	if err := os.Rename(made, filepath.Join(c.path, c.folder, key)); err != nil {
		return err
	}
	mark := filepath.Join(staging, "mark")
	if err := os.WriteFile(mark, []byte(key), 0o600); err != nil {
		return err
	}
	return os.Rename(mark, c.mark(sum))
}

// isKey reports whether a name is one that wazero gives to a file of code.
func isKey(name string) bool {
	_, err := hex.DecodeString(name)
	return err == nil && len(name) == 64
}
