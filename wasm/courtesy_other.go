//go:build !linux

package wasm

// Threads wait until the scheduler takes the core away.
func offerCore() {}
