//go:build !wasip1

package pack

import "embed"

// Source is the source of this package, for a copy of the SDK that needs no
// network. It is not part of a guest.
//
//go:embed *.go
var Source embed.FS
