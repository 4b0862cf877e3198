//go:build !wasip1

package supervisor

import (
	"embed"
	"io/fs"
)

//go:embed *.go
var source embed.FS

// Source holds this package's own Go files, for a copy of the SDK that needs no
// network. Guests do not have it.
func Source() fs.FS { return source }
