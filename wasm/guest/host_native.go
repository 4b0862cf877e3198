//go:build !wasip1

package guest

import (
	"crypto/rand"

	"github.com/theater-go/theater/wasm/guest/internal/abi"
)

// Without wasm there is no host to import from.
var hostLog, hostSelf, hostShutdown abi.HostFunc

func readRandom(b []byte) { rand.Read(b) }
