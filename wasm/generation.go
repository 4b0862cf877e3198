package wasm

import "fmt"

// Generation is a form that modules of the Graph ABI, and those that are taken
// for one, have had.
type Generation string

// The generations. Only Plain ones run.
const (
	Plain       Generation = "plain"        // packr 0.2 to 0.7 and since 0.11, and the SDKs
	NoAllocator Generation = "no-allocator" // packr before 0.2, which used buffers at fixed addresses, or no actor at all
	SideModule  Generation = "side-module"  // packr 0.8: position-independent, needs a linker
	Member      Generation = "member"       // packr 0.9 and 0.10: needs an allocator linked to it
	Composite   Generation = "composite"    // packr compose: several memories
	Command     Generation = "command"      // a program that runs once
	Component   Generation = "component"    // of the component model: no core module
	Unknown     Generation = "unknown"
)

// shape recognises the generation, and says why a module of it does not run.
func (l *Layout) shape() (Generation, *ABIError) {
	has := func(name string) bool { _, ok := l.exported[name]; return ok }
	rebuild := "rebuild the actor with packr-guest 0.11 or later, or with the Go SDK"
	switch {
	case l.imported.memory && l.imported.global:
		return SideModule, &ABIError{"the module is a position-independent side module (packr 0.8)", rebuild}
	case l.imported.memory:
		return Member, &ABIError{"the module imports its memory: it is an unlinked member (packr 0.9 and 0.10)", "link it with an allocator, or " + rebuild}
	case l.imported.name != "":
		return Unknown, &ABIError{fmt.Sprintf("the module imports %s, which is not a function", l.imported.name), "actors import functions only"}
	case l.Memory.Count > 1:
		return Composite, &ABIError{fmt.Sprintf("the module has %d memories: it is a composite (packr compose)", l.Memory.Count), "lower it to one memory, or run its parts as actors"}
	case l.Memory.Count == 0 || !l.exportsMemory:
		return Unknown, &ABIError{"the module exports no memory", rebuild}
	case !has(exportAlloc) && has(exportStart) && !has(exportInitialize):
		return Command, &ABIError{"the module is a command, not an actor", "build Go actors with GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared, or with theater build"}
	case !has(exportAlloc) || !has(exportFree):
		return NoAllocator, &ABIError{"the module does not export __pack_alloc and __pack_free: it is no actor, or one of packr before 0.2", rebuild}
	case !has(exportTypes):
		return Plain, &ABIError{"the module has no interface metadata (__pack_types)", "declare the actor's interfaces with pack_types! or use the Go SDK"}
	}
	return Plain, nil
}

// checkShape refuses modules of the generations of the ABI that need an
// allocator, a linker or several memories.
func (m *Module) checkShape() error {
	if _, refused := m.Layout.shape(); refused != nil {
		return refused
	}
	return nil
}
