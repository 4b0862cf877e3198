package api

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strings"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm/pack"
)

// How long a literal may be, and from which length on only the hash of a value's
// encoding is shown, in bytes.
const (
	maxLiteral = 4096
	maxEncoded = 64 << 10
)

// How much of a value is shown.
const (
	briefly = maxEncoded
	wholly  = math.MaxInt
)

// valueOf shows an encoded value, nil as none. Beyond most bytes the encoding is
// left out.
func valueOf(encoded []byte, most int) *theaterv1.Value {
	if len(encoded) == 0 {
		return nil
	}
	sum := sha256.Sum256(encoded)
	shown := &theaterv1.Value{Literal: literalOf(encoded, most), Sha256: hex.EncodeToString(sum[:]), Length: uint64(len(encoded))}
	if len(encoded) <= most {
		shown.Encoded = encoded
	}
	return shown
}

// literalOf is a value as people read it, "" for what is none.
func literalOf(encoded []byte, most int) string {
	v, err := pack.Decode(encoded)
	if err != nil {
		return ""
	}
	literal := v.String()
	if most == wholly || len(literal) <= maxLiteral {
		return literal
	}
	return strings.ToValidUTF8(literal[:maxLiteral], "") + "…"
}
