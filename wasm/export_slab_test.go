//go:build (linux || darwin) && (amd64 || arm64)

package wasm

// Mappings is how many mappings the slots are carved out of.
func (m *Memories) Mappings() int { return len(m.backing.(*slabs).mappings) }

// MappingsOf is the same of an engine.
func MappingsOf(e *Engine) int { return len(e.memories.backing.(*slabs).mappings) }
