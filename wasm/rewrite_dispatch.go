package wasm

import (
	"encoding/binary"
	"slices"
)

// Rewrite adds one function, the dispatcher, through which the host calls every
// function that the Graph ABI knows: an engine keeps a stack for each function
// that is called from outside, which an actor then needs only once. It takes
//
//	what i32, a i32, b i32, c i32, d i32, free i32, freeLen i32
//
// and gives an i32. First, where free is not 0, it gives that block back with
// __pack_free: the result of the call before, which the host has read. Then it
// calls what: the exported function with that index in Layout.Exports, with a to d,
// or one of the selectors below, with as many of them as it takes. What the module
// does not have is unreachable; a function without a result gives 0.
const (
	dispatchNothing     = -1 // only frees
	dispatchAlloc       = -2
	dispatchFree        = -3
	dispatchTypes       = -4
	dispatchConstructor = -5 // _initialize, else __wasm_call_ctors
	dispatchStart       = -6 // the start function, which instantiation no longer runs
)

const dispatchParams = 7

var dispatchType = functype{params: "\x7f\x7f\x7f\x7f\x7f\x7f\x7f", results: "\x7f"}

// The types of the functions that the dispatcher can call.
var (
	allocSignature = functype{params: "\x7f", results: "\x7f"}
	freeSignature  = functype{params: "\x7f\x7f"}
	typesSignature = functype{params: "\x7f\x7f", results: "\x7f"}
	plainSignature = functype{}
)

// dispatchCase is one function that the dispatcher can call.
type dispatchCase struct {
	what     int32
	function uint32 // after rewriting
	typ      functype
}

// dispatchCases are the functions that the dispatcher can call, by what. It notes
// in Prepared which of them there are.
func (w *rewriter) dispatchCases() []dispatchCase {
	var cases []dispatchCase
	special := func(what int32, index uint32, typ functype) {
		if w.functionType(index) == typ {
			cases = append(cases, dispatchCase{what, w.function(index), typ})
		}
	}
	constructor := exportCtors
	for _, e := range w.exports {
		if e.kind == externFunction && e.name == exportInitialize {
			constructor = exportInitialize
		}
	}
	callable := -1
	for _, e := range w.exports {
		if e.kind != externFunction {
			continue
		}
		callable++
		switch e.name {
		case exportAlloc:
			special(dispatchAlloc, e.index, allocSignature)
		case exportFree:
			special(dispatchFree, e.index, freeSignature)
		case exportTypes:
			special(dispatchTypes, e.index, typesSignature)
		case constructor:
			special(dispatchConstructor, e.index, plainSignature)
		default:
			special(int32(callable), e.index, abiSignature)
		}
	}
	if w.hasStart {
		special(dispatchStart, w.start, plainSignature)
	}
	slices.SortFunc(cases, func(a, b dispatchCase) int { return int(a.what) - int(b.what) })
	w.prepared.cases = map[int32]bool{}
	for _, c := range cases {
		w.prepared.cases[c.what] = true
	}
	return cases
}

// functionType is the type of a function of the module.
func (w *rewriter) functionType(index uint32) functype { return w.Checked.types[w.functions[index]] }

// dispatcher is the body of the added function.
func (w *rewriter) dispatcher() []byte {
	cases := w.dispatchCases()
	b := &bodyWriter{rewriter: w}
	b.index(0) // no locals
	if i := slices.IndexFunc(cases, func(c dispatchCase) bool { return c.what == dispatchFree }); i >= 0 {
		b.op(opLocalGet, 5)
		b.out = append(b.out, opIf, 0x40)
		b.op(opLocalGet, 5)
		b.op(opLocalGet, 6)
		b.op(opCall, cases[i].function)
		b.out = append(b.out, opEnd)
	}
	b.op(opLocalGet, 0)
	b.i32(dispatchNothing)
	b.out = append(b.out, opI32Eq, opIf, typeI32)
	b.i32(0)
	b.out = append(b.out, opElse)
	b.dispatch(cases)
	b.out = append(b.out, opEnd, opEnd)
	return b.out
}

// dispatch leaves the result of the case that what names: it halves the cases
// until one is left.
func (w *bodyWriter) dispatch(cases []dispatchCase) {
	if len(cases) == 0 {
		w.out = append(w.out, opUnreachable)
		return
	}
	half := len(cases) / 2
	w.op(opLocalGet, 0)
	w.i32(cases[half].what)
	if half > 0 {
		w.out = append(w.out, opI32LtS, opIf, typeI32)
		w.dispatch(cases[:half])
		w.out = append(w.out, opElse)
		w.dispatch(cases[half:])
		w.out = append(w.out, opEnd)
		return
	}
	w.out = append(w.out, opI32Eq, opIf, typeI32)
	for i := range cases[0].typ.params {
		w.op(opLocalGet, uint32(1+i))
	}
	w.op(opCall, cases[0].function)
	if cases[0].typ.results == "" {
		w.i32(0)
	}
	w.out = append(w.out, opElse, opUnreachable, opEnd)
}

// functionSection adds the dispatcher behind the module's own functions, and what
// else there is.
func (w *rewriter) functionSection() []byte {
	own := w.functions[w.importedFunctions:]
	out := binary.AppendUvarint(nil, uint64(len(own)+len(w.added)))
	for _, t := range own {
		out = binary.AppendUvarint(out, uint64(t))
	}
	for _, t := range w.added {
		out = binary.AppendUvarint(out, uint64(w.typ(t)))
	}
	return out
}
