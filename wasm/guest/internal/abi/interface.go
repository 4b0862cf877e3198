package abi

import (
	"sync"

	"github.com/theater-go/theater/wasm/pack"
)

// Interface is one Pact interface of which the linked SDK packages import or
// export functions.
type Interface struct {
	parse   func() *pack.Interface
	exports []*Export // nil for an imported interface
}

var linked struct {
	imports, exports []*Interface
}

// Import declares the interface in source, written in Pact, whose functions the
// calling package imports. It is called from a package variable.
func Import(source string) *Interface {
	i := newInterface(source)
	linked.imports = append(linked.imports, i)
	return i
}

// Callbacks declares the interface in source, written in Pact, of which the
// calling package exports functions. It is called from a package variable.
func Callbacks(source string) *Interface {
	i := newInterface(source)
	linked.exports = append(linked.exports, i)
	return i
}

// newInterface puts off the parsing: a module is asked for its types once, and
// started often.
func newInterface(source string) *Interface {
	return &Interface{parse: sync.OnceValue(func() *pack.Interface { return pack.MustParsePact(source) })}
}

// Name is the interface's full name, such as theater:simple/runtime.
func (i *Interface) Name() string { return i.parse().Name }

// Metadata describes the linked interfaces: every function of the imported
// ones, and of the exported ones those that have a handler.
func Metadata() pack.Metadata {
	var imports, exports []pack.FunctionSig
	for _, i := range linked.imports {
		imports = append(imports, i.parse().Functions...)
	}
	for _, i := range linked.exports {
		for _, e := range i.exports {
			if e.handler == nil {
				continue
			}
			sig, ok := i.parse().Function(e.name)
			if !ok {
				panic("guest: " + i.Name() + " does not declare " + e.name)
			}
			exports = append(exports, sig)
		}
	}
	return pack.NewMetadata(imports, exports)
}
