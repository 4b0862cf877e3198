// Package abi is the machinery under the guest SDK: the calls that cross the
// sandbox, in both directions, as the Graph ABI writes them, the typed state
// between them, and the metadata that tells a host which interfaces are linked.
//
// An SDK package declares the interfaces it imports and exports here, in
// package variables, so that a module claims exactly what it links. The module
// is one actor: what is registered is global by nature, as its wasm exports
// are, and is complete when the actor's init functions have run.
//
// Built for wasip1 it talks to the host through linear memory. Built for
// anything else it talks to the fake host that guesttest installs, with the
// same encoding and decoding on the way, so that an actor can be tested
// without wasm. It never keeps state between two calls: the host does.
//
// Only the packages of wasm/guest import it.
package abi
