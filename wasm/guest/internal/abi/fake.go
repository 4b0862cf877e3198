package abi

import "github.com/theater-go/theater/wasm/pack"

// A Host stands in for a runtime where there is none: it answers a call with
// the value that the real one would hand back.
type Host func(iface, function string, args pack.Value) pack.Value

var host Host

// SetHost installs the host that answers calls outside wasm from now on; nil
// removes it.
func SetHost(h Host) { host = h }

// Find returns the callback of the interface that the linked packages declare.
func Find(iface, function string) (*Export, bool) {
	for _, i := range linked.exports {
		for _, e := range i.exports {
			if e.name == function && i.Name() == iface {
				return e, true
			}
		}
	}
	return nil, false
}
