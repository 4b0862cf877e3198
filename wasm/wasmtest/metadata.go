package wasmtest

import (
	"slices"
	"strings"

	"github.com/theater-go/theater/wasm/pack"
)

// The callbacks as actors in Rust declare them, and with any state and result.
const (
	typed = `interface callbacks { exports {
init: func(state: option<list<u8>>) -> result<tuple<option<list<u8>>>, string>
handle-send: func(state: option<list<u8>>, msg: list<u8>) -> result<tuple<option<list<u8>>>, string>
handle-request: func(state: option<list<u8>>, id: string, msg: list<u8>) -> result<tuple<option<list<u8>>, tuple<option<list<u8>>>>, string>
handle-child-error: func(state: option<list<u8>>, child: string, error: value) -> result<tuple<option<list<u8>>>, string>
handle-child-exit: func(state: option<list<u8>>, child: string, data: option<list<u8>>) -> result<tuple<option<list<u8>>>, string>
handle-child-external-stop: func(state: option<list<u8>>, child: string) -> result<tuple<option<list<u8>>>, string>
handle-child-event: func(state: option<list<u8>>, child: string, kind: string, data: list<u8>) -> result<tuple<option<list<u8>>>, string>
other: func(state: value) -> value
} }`
	untyped = `interface callbacks { exports {
init: func(state: value) -> value
handle-send: func(state: value, msg: list<u8>) -> value
handle-request: func(state: value, id: string, msg: list<u8>) -> value
handle-child-error: func(state: value, child: string, error: value) -> value
handle-child-exit: func(state: value, child: string, data: option<list<u8>>) -> value
handle-child-external-stop: func(state: value, child: string) -> value
handle-child-event: func(state: value, child: string, kind: string, data: list<u8>) -> value
other: func(state: value) -> value
} }`
)

// metadata is what __pack_types gives for the guest.
func (x Guest) metadata() []byte {
	source := typed
	if x.Untyped {
		source = untyped
	}
	var exports []pack.FunctionSig
	for _, name := range sortedKeys(x.exports()) {
		if slices.Contains(x.Undeclared, name) {
			continue
		}
		exports = append(exports, signature(source, name))
	}
	b, err := pack.NewMetadata(x.calls(), exports).Encode()
	if err != nil {
		panic(err)
	}
	return b
}

// signature is that of an export by its full name; one that is not among the
// callbacks takes and gives any value.
func signature(source, export string) pack.FunctionSig {
	dot := strings.LastIndexByte(export, '.')
	i := pack.MustParsePact(source)
	f, ok := i.Function(export[dot+1:])
	if !ok {
		f, _ = i.Function("other")
	}
	f.Interface, f.Name = export[:max(dot, 0)], export[dot+1:]
	return f
}

// calls are the signatures of the declared host functions that behaviors use.
func (x Guest) calls() []pack.FunctionSig {
	used := map[function]bool{}
	for _, b := range x.exports() {
		for _, f := range b.imports {
			used[f] = true
		}
	}
	var sigs []pack.FunctionSig
	for _, i := range x.Interfaces {
		for _, f := range i.Functions {
			if used[function{i.Name, f.Name, abi}] {
				sigs = append(sigs, f)
			}
		}
	}
	return sigs
}
