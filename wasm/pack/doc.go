// Package pack is the Graph ABI: the values that cross a sandbox, their types,
// the binary codec (CGRF version 2), the text literals, the metadata and hashes
// of a guest's interfaces, the Pact language that declares them, and the
// conversion between Go values and pack values.
//
// It is pure: it reads no files, no clock, starts no goroutine, and knows
// nothing about instances, actors or chains. It imports the standard library
// only, and any package of the project may import it, guests included.
//
// Everything that parses takes hostile input: it never panics, its recursion is
// bounded by [MaxDepth], and it allocates no more than a small multiple of what
// it is given.
package pack
