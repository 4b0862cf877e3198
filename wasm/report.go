package wasm

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"
)

// Report is what a file that may be a module says of itself, and why it would
// not be compiled. All names in it are the file's: they may hold anything.
type Report struct {
	Size       int      // bytes
	Sum        [32]byte // sha256 of the bytes
	Generation Generation

	// What the sections declare, as far as they can be read. Lists end where
	// DefaultLimits would have refused them.
	Sections  []Section
	Imports   []Extern
	Exports   []Extern
	Functions uint32 // defined ones
	Named     int    // functions that the name section names
	DWARF     bool   // whether there is debugging information
	Memory    MemoryLimits
	Tables    []TableLimits
	Producers []Producer

	Rewritten int    // bytes of the module that runs in its place; 0 for one that is refused
	Fixed     string // see Prepared

	// Problems are *ABIError, *CheckError, or say that the file is no module.
	// With none, Compile may still refuse what only shows when it runs.
	Problems []error
}

// Section is one section of a module.
type Section struct {
	ID     byte
	Name   string // of a custom section its own
	Offset int    // of its content, in bytes from the beginning of the module
	Size   int    // bytes of its content that are there
}

// Extern is something that a module imports or exports.
type Extern struct {
	Module string // of an import
	Name   string
	Kind   string // function, table, memory, global or tag
	Type   string // of a function, where it is known: (i32, i32) -> i32
}

// TableLimits are the declared limits of a table in elements.
type TableLimits struct {
	Min, Max uint64 // Max is meaningful when HasMax is set
	HasMax   bool
}

// Producer is one entry of the section in which tools leave their names.
type Producer struct{ Field, Name, Version string }

// Examine reads any bytes, whole or not, and says what there is to say of them
// without running anything. Its time and memory are bounded by the size. It
// keeps nothing of code.
func Examine(code []byte) *Report {
	r := &Report{Size: len(code), Sum: sha256.Sum256(code), Generation: Unknown}
	if err := checkHeader(code); err != nil {
		if errors.As(err, new(*ABIError)) {
			r.Generation = Component
		}
		r.Problems = []error{err}
		return r
	}
	s := &scan{report: r, layout: &Layout{exported: map[string]int{}}}
	if s.sections(code); !s.damaged { // else what seems to be missing may have been cut off
		generation, refused := s.layout.shape()
		if r.Generation = generation; refused != nil {
			r.Problems = append(r.Problems, refused)
		}
	}
	prepared, err := Prepare(code)
	switch {
	case err == nil:
		r.Rewritten, r.Fixed = len(prepared.Code), prepared.Fixed
	case r.Generation != Composite || !errors.Is(err, featureMemories): // which says the same
		r.Problems = append(r.Problems, err)
	}
	return r
}

// checkHeader says why bytes do not begin as a core module does.
func checkHeader(code []byte) error {
	start := bytes.TrimSpace(code[:min(len(code), 64)])
	switch {
	case len(code) == 0:
		return errors.New("the file is empty")
	case bytes.HasPrefix(start, []byte("(module")), bytes.HasPrefix(start, []byte("(component")):
		return errors.New("not a wasm module but its text form, which wat2wasm turns into one")
	case len(code) < 8 && strings.HasPrefix("\x00asm\x01\x00\x00\x00", string(code)):
		return errTruncated
	}
	_, err := ReadLayout(code[:min(len(code), 8)])
	return err
}

// Feature is the WebAssembly feature for which a module is refused, "" when it
// is refused for something else.
func (e *CheckError) Feature() string {
	var f featureError
	if errors.As(e.Err, &f) {
		return string(f)
	}
	return ""
}
