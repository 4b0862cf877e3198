package wasm

import "crypto/sha256"

// DispatchStart is what runs the start function through the dispatcher.
const DispatchStart = 1<<32 + dispatchStart

// HasStart reports whether the module has a start function to run.
func (p *Prepared) HasStart() bool { return p.cases[dispatchStart] }

// Small reports whether an engine compiles the module in its own process
// whatever its configuration.
func (p *Prepared) Small() bool { return p.small() }

// LimitData is what a compiling process does where the system can.
func LimitData(bytes int64) error { return limitData(bytes) }

// Waiting is how many callers wait for the module.
func (e *Engine) Waiting(code []byte) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.modules[sha256.Sum256(code)]; c != nil {
		return c.waiting
	}
	return 0
}
