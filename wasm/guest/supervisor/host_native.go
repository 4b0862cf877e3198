//go:build !wasip1

package supervisor

import "github.com/theater-go/theater/wasm/guest/internal/abi"

// Without wasm there is no host to import from.
var hostSpawn, hostSpawnAndWait, hostResume, hostChildren, hostRestart, hostStop, hostState, hostSubscribe, hostUnsubscribe abi.HostFunc
