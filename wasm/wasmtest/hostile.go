package wasmtest

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

// HostileModule is a module made to harm whoever loads it.
type HostileModule struct {
	Name  string
	Actor bool // whether it has the exports of an actor

	// How it ends. Stage is one of the constants below; Says is part of what the
	// refusal says, or the kind of the trap.
	Stage, Says string

	code func() []byte
}

// Code assembles the module: some are large, so none is kept.
func (m HostileModule) Code() []byte { return m.code() }

// The stages at which a hostile module ends. A module that is no actor gets no
// further than StageCompile, or is let in.
const (
	StageCheck      = "check"      // refused before anything is made of it
	StageCompile    = "compile"    // refused by the compiler
	StageABI        = "abi"        // refused for what it says of itself
	StageInitialise = "initialise" // stopped in its start function, or in what it says of itself
	StageRequest    = "request"    // stopped in a request that reaches the hostile code
	StageAnswered   = "answered"   // it answers the request: there was no harm in it
)

// Hostile makes every kind of hostile module, bare and as an actor.
func Hostile() []HostileModule {
	var all []HostileModule
	for _, k := range slices.Concat(countBombs(), compileBombs(), largeBodies(), resourceBombs(), initialBombs(), wrongIndexes(),
		wrongBodies(), wrongTypes(), wrongSections(), features(), oddities(), disguises()) {
		all = append(all, HostileModule{k.name, false, k.stage(), k.says(), k.bare}, k.module())
	}
	for _, k := range hostileGuests() {
		all = append(all, k.module())
	}
	return all
}

// hostile is one kind: what is added to a module, and what is done to its bytes.
// As an actor it is asked a request that calls the last function of those added.
type hostile struct {
	name, refusal string // refusal is what the check says
	ends          string // else stage and words, "stage: words"; "" is StageAnswered
	asActor       string // the same, where an actor ends in another way
	add           func(*Module)
	patch         func([]byte) []byte
	guest         Guest // what it is added to as an actor
}

func (k hostile) stage() string {
	if k.refusal != "" {
		return StageCheck
	}
	stage, _, _ := strings.Cut(k.ends, ": ")
	if stage == "" {
		return StageAnswered
	}
	return stage
}

func (k hostile) says() string {
	if k.refusal != "" {
		return k.refusal
	}
	_, says, _ := strings.Cut(k.ends, ": ")
	return says
}

func (k hostile) extend(m *Module) {
	if k.add != nil {
		k.add(m)
	}
}

func (k hostile) patched(code []byte) []byte {
	if k.patch != nil {
		return k.patch(code)
	}
	return code
}

func (k hostile) module() HostileModule {
	if k.asActor != "" {
		k.refusal, k.ends = "", k.asActor
	}
	return HostileModule{k.name + ", as an actor", true, k.stage(), k.says(), k.actor}
}

// bare is the kind in a module that has nothing else but a memory.
func (k hostile) bare() []byte {
	var m Module
	m.Memory(1)
	k.extend(&m)
	return k.patched(m.Bytes())
}

// actor is the kind as an actor. It is assembled twice: the index of the function
// to reach is known when all functions are there.
func (k hostile) actor() []byte {
	reached := k.guest.HandleRequest
	assemble := func() []byte {
		g := k.guest
		g.HandleRequest = reached
		g.extend = func(m *Module) {
			first := m.nextFunction()
			k.extend(m)
			if last := m.nextFunction(); last > first && k.guest.HandleRequest.emit == nil {
				reached = reach(last-1, m.signatureOf(last-1))
			}
		}
		return g.Bytes()
	}
	assemble()
	return k.patched(assemble())
}

// reach calls a function of the type, giving it ones.
func reach(function uint32, typ string) Behavior {
	return before(Reply(nil), func(*guest) Code {
		n, size := binary.Uvarint([]byte(typ[1:]))
		params, rest := typ[1+size:][:n], typ[1+size:][n:]
		results, _ := binary.Uvarint([]byte(rest))
		var code Code
		for _, t := range []byte(params) {
			code += one[t]
		}
		return code + Call(function) + Repeat(int(results), Drop)
	})
}

// one is a value of each type: the number, or no reference.
var one = map[byte]Code{0x7f: I32(1), 0x7e: I64(1), 0x7d: F32(1), 0x7c: F64(1), 0x7b: V128(1), 0x70: RefNull, 0x6f: "\xd0\x6f"}

const most = math.MaxUint32

// sectionOrder is the rank of sections by id.
var sectionOrder = []int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 7, 7: 8, 8: 9, 9: 10, 10: 12, 11: 13, 12: 11, 13: 6}

// withSection replaces the section of the id, or adds it where it belongs.
func withSection(code []byte, id byte, body []byte) []byte {
	out := []byte(Preamble)
	written := false
	for rest := code[len(Preamble):]; len(rest) > 0; {
		size, n := 0, 1
		for shift := 0; ; shift += 7 {
			b := rest[n]
			size |= int(b&0x7f) << shift
			if n++; b < 0x80 {
				break
			}
		}
		if !written && (rest[0] == 0 || sectionOrder[rest[0]] >= sectionOrder[id]) {
			out, written = append(out, Section(id, body)...), true
		}
		if rest[0] != id {
			out = append(out, rest[:n+size]...)
		}
		rest = rest[n+size:]
	}
	if !written {
		out = append(out, Section(id, body)...)
	}
	return out
}

// replacing makes the patch that gives a section another body.
func replacing(id byte, parts ...any) func([]byte) []byte {
	var body []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			body = append(body, leb(uint32(p))...)
		case string:
			body = append(body, p...)
		case Code:
			body = append(body, p...)
		}
	}
	return func(code []byte) []byte { return withSection(code, id, body) }
}

// body adds a function.
func body(sig, locals string, code Code) func(*Module) {
	return func(m *Module) { m.Func(sig, locals, code) }
}
