// Package wasm is the engine: it reads, compiles and instantiates guest
// modules, and runs their turns on a deterministic machine.
//
// A module passes Check, which refuses what would cost the compiler or every
// instance too much, and Rewrite, which makes it count what it spends and come
// by the host; then it is compiled once.
//
// A Machine is an instance together with everything that decides what the
// instance computes: the state convention, the clock, the randomness and the
// decoding of results. A live actor and a replay drive the same machine, so a
// turn means the same in both; they differ only in the Host that answers the
// guest's imports.
//
// The package never decides what a guest may do, records nothing, and knows no
// actor: that is the work of its callers, actors and chain/replay. It is the
// only user of wazero.
package wasm
