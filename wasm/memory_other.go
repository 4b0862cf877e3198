//go:build !(linux || darwin) || !(amd64 || arm64)

package wasm

func newBacking() backing { return heapBacking{} }
