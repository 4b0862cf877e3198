//go:build !unix

package cli

import "io/fs"

func allocated(info fs.FileInfo) int64 { return info.Size() }
