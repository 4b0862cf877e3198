package wasm

// DispatchStart is what runs the start function through the dispatcher.
const DispatchStart = 1<<32 + dispatchStart

// HasStart reports whether the module has a start function to run.
func (p *Prepared) HasStart() bool { return p.cases[dispatchStart] }
