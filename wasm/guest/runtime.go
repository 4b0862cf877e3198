package guest

import (
	"github.com/theater-go/theater/wasm/guest/internal/abi"
	"github.com/theater-go/theater/wasm/pack"
)

var runtime = abi.Import(`interface runtime {
	@package: string = "theater:simple"
	exports {
		log: func(msg: string)
		self: func() -> string
		shutdown: func(data: option<list<u8>>) -> result<_, string>
	}
}`)

// Log writes msg to the actor's log at once, also when the turn fails later.
func Log(msg string) { runtime.Call("log", hostLog, pack.String(msg)) }

// Self returns the actor's own id, which others can send to.
func Self() string {
	id, _ := runtime.Call("self", hostSelf).AsString()
	return id
}

// Shutdown stops the actor after this turn. Its supervisor is given data; nil
// means none.
func Shutdown(data []byte) error {
	arg := pack.None(pack.ListOf(pack.TypeU8))
	if data != nil {
		arg = pack.Some(pack.Bytes(data))
	}
	_, err := runtime.Try("shutdown", hostShutdown, arg)
	return err
}
