package cli

import (
	"encoding/hex"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// document is an inspection in JSON. Lists are never null; what is not known is
// left out.
type document struct {
	File          string          `json:"file"`
	SHA256        string          `json:"sha256"`
	Size          int             `json:"size"`                     // bytes
	RewrittenSize int             `json:"rewritten_size,omitempty"` // bytes
	Runs          bool            `json:"runs"`
	Refusals      []refusal       `json:"refusals"`
	Generation    wasm.Generation `json:"generation"`
	Functions     functionsJSON   `json:"functions"`
	DWARF         bool            `json:"dwarf"`
	Memory        limitsJSON      `json:"memory"` // pages of 64 KiB
	Tables        []limitsJSON    `json:"tables"` // elements
	Snapshot      *snapshotJSON   `json:"snapshot,omitempty"`
	Producers     []producerJSON  `json:"producers"`
	Sections      []sectionJSON   `json:"sections"`
	Imports       []externJSON    `json:"imports"`
	Exports       []externJSON    `json:"exports"`
	Interfaces    []faceJSON      `json:"interfaces"`
	Manifest      string          `json:"manifest,omitempty"`
}

type functionsJSON struct {
	Defined uint32 `json:"defined"`
	Named   int    `json:"named"`
}

type limitsJSON struct {
	Min uint64  `json:"min"`
	Max *uint64 `json:"max,omitempty"`
}

func newLimits(low, high uint64, hasHigh bool) limitsJSON {
	if !hasHigh {
		return limitsJSON{Min: low}
	}
	return limitsJSON{Min: low, Max: &high}
}

type snapshotJSON struct {
	Possible bool   `json:"possible"`
	Reason   string `json:"reason,omitempty"` // why not
}

type producerJSON struct {
	Field   string `json:"field"`
	Name    string `json:"name"`
	Version string `json:"version"`
}

type sectionJSON struct {
	ID     byte   `json:"id"`
	Name   string `json:"name"`
	Offset int    `json:"offset"` // bytes
	Size   int    `json:"size"`   // bytes
}

type externJSON struct {
	Module   string `json:"module,omitempty"`
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Type     string `json:"type,omitempty"`
	Callable *bool  `json:"callable,omitempty"` // of an exported function: whether messages may call it
}

// faceJSON is an interface as the module and its metadata have it.
type faceJSON struct {
	Direction   string   `json:"direction"` // import or export
	Name        string   `json:"name"`
	Functions   []string `json:"functions"` // in the module
	Declared    []string `json:"declared"`  // in its metadata, with their types
	Hash        string   `json:"hash,omitempty"`
	Handler     string   `json:"handler,omitempty"`
	HandlerHash string   `json:"handler_hash,omitempty"`
	Agrees      *bool    `json:"agrees,omitempty"` // whether the two are equal
}

func (i *inspection) document() document {
	d := document{
		File: i.file, SHA256: hex.EncodeToString(i.Sum[:]), Size: i.Size, RewrittenSize: i.Rewritten,
		Runs: len(i.refusals) == 0, Refusals: append([]refusal{}, i.refusals...), Generation: i.Generation,
		Functions: functionsJSON{i.Functions, i.Named}, DWARF: i.DWARF,
		Memory: newLimits(i.Memory.Min, i.Memory.Max, i.Memory.HasMax), Tables: []limitsJSON{},
		Producers: []producerJSON{}, Sections: []sectionJSON{}, Imports: []externJSON{}, Exports: []externJSON{},
		Interfaces: []faceJSON{}, Manifest: i.manifest,
	}
	if i.Rewritten > 0 {
		d.Snapshot = &snapshotJSON{i.Fixed == "", i.Fixed}
	}
	for _, t := range i.Tables {
		d.Tables = append(d.Tables, newLimits(t.Min, t.Max, t.HasMax))
	}
	for _, p := range i.Producers {
		d.Producers = append(d.Producers, producerJSON(p))
	}
	for _, s := range i.Sections {
		d.Sections = append(d.Sections, sectionJSON(s))
	}
	for _, e := range i.Imports {
		d.Imports = append(d.Imports, externJSON{Module: e.Module, Name: e.Name, Kind: e.Kind, Type: e.Type})
	}
	for _, e := range i.Exports {
		d.Exports = append(d.Exports, externJSON{Name: e.Name, Kind: e.Kind, Type: e.Type, Callable: i.callable(e)})
	}
	for _, f := range i.imports {
		d.Interfaces = append(d.Interfaces, newFace("import", f))
	}
	for _, f := range i.exports {
		d.Interfaces = append(d.Interfaces, newFace("export", f))
	}
	return d
}

// callable is nil where it is not known.
func (i *inspection) callable(e wasm.Extern) *bool {
	if i.module == nil || e.Kind != "function" {
		return nil
	}
	_, ok := i.module.Callable(e.Name)
	return &ok
}

func newFace(direction string, f face) faceJSON {
	j := faceJSON{
		Direction: direction, Name: f.name, Functions: append([]string{}, f.functions...), Declared: []string{},
		Hash: hexOf(f.hash), Handler: f.handler, HandlerHash: hexOf(f.theirs),
	}
	for _, s := range f.signatures {
		j.Declared = append(j.Declared, s.String())
	}
	if f.hash != nil && f.theirs != nil {
		agrees := f.agrees()
		j.Agrees = &agrees
	}
	return j
}

func hexOf(h *pack.Hash) string {
	if h == nil {
		return ""
	}
	return h.String()
}
