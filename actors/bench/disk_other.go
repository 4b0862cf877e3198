//go:build !linux

package bench

import "os"

// syncData waits until what was written to the file is on disk.
func syncData(file *os.File) error { return file.Sync() }

// allocate gives a file so many bytes of disk.
func allocate(file *os.File, bytes int64) error { return fill(file, bytes) }
