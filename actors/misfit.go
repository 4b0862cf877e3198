package actors

import (
	"fmt"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// What comes from outside is held against what the export declares before a turn is
// admitted: the guest would fail to decode it, and that would end the actor. A guest
// that sends what another cannot decode fails it, as in the original.

// aByte stands for the body of any message.
var aByte = pack.Bytes([]byte{0})

// misfits are why the module could decode no message, by its handle-send and its
// handle-request; nil where it can, or does not say what it takes.
func misfits(module *wasm.Module) (send, request error) {
	if index := callable(module, exportSend); index != absent {
		send = module.CheckParams(index, pack.Tuple(aByte))
	}
	if index := callable(module, exportRequest); index != absent {
		request = module.CheckParams(index, pack.Tuple(pack.String(""), aByte))
	}
	return send, request
}

// misfit names the actor that cannot decode what it would be given.
func (c *control) misfit(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("actor %s: %w", c.path, err)
}
