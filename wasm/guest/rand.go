package guest

import (
	"math/rand/v2"

	"github.com/theater-go/theater/wasm/guest/internal/abi"
)

var random struct {
	turn uint64 // the turn that source was drawn in
	rand *rand.Rand
}

// Rand returns a source of random numbers that is the actor's own. The
// functions at the top level of math/rand repeat across the actors of one
// module; this one is seeded anew by the host in each turn that uses it, and a
// replay of the turn gives the same numbers. It is valid until the turn ends
// and not meant for secrets: use crypto/rand for those.
func Rand() *rand.Rand {
	if random.rand == nil || random.turn != abi.Turn() {
		var seed [32]byte
		readRandom(seed[:])
		random.turn, random.rand = abi.Turn(), rand.New(rand.NewChaCha8(seed))
	}
	return random.rand
}
