// Package wasmtest makes guest modules for tests, with nothing but Go: Module
// assembles any core wasm module, and Guest, Echo and Counter assemble actors
// that speak the Graph ABI and behave, or misbehave, as a test needs.
//
// It checks nothing: a module that it assembles may be invalid, which is the
// point of some tests. It runs nothing, and knows no engine. Only tests may
// import it.
package wasmtest
