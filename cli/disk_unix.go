//go:build unix

package cli

import (
	"io/fs"
	"syscall"
)

// allocated is how many bytes of the disk a file has: less than its size where it has
// holes.
func allocated(info fs.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int64(s.Blocks) * 512
	}
	return info.Size()
}
