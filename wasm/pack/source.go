//go:build !wasip1

package pack

import (
	"embed"
	"io/fs"
)

//go:embed access.go call.go decode.go desc.go doc.go encode.go errors.go interface.go
//go:embed literal_as.go literal_params.go literal_parse.go literal_parts.go
//go:embed literal_print.go literal_scalar.go literal_variant.go marshal.go metadata.go
//go:embed pact.go pact_scan.go pact_types.go reader.go reflect_type.go source.go
//go:embed type.go unmarshal.go validate.go value.go view.go
var source embed.FS

// Source holds this package's own Go files without its tests, so that the SDK
// of guests can be written out beside a new project. Guests do not have it.
func Source() fs.FS { return source }
