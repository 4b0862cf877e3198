//go:build !wasip1

package message

import "github.com/theater-go/theater/wasm/guest/internal/abi"

// Without wasm there is no host to import from.
var hostRegister, hostSend, hostRequest, hostRespond, hostCancel, hostOutstanding abi.HostFunc
