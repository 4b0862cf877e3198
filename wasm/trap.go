package wasm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tetratelabs/wazero/sys"
)

// Kind says why a guest was stopped. Kinds are recorded in chains: their texts
// are part of the format and never change.
type Kind string

// The kinds of trap.
const (
	KindPanic         Kind = "panic"            // the guest's language runtime gave up
	KindUnreachable   Kind = "unreachable"      // the unreachable instruction
	KindMemory        Kind = "memory"           // an access outside the linear memory
	KindDivide        Kind = "divide"           // an integer division by zero
	KindOverflow      Kind = "integer-overflow" // a division or conversion that overflows
	KindConversion    Kind = "conversion"       // a conversion of NaN to an integer
	KindTable         Kind = "table"            // an access outside a table
	KindIndirect      Kind = "indirect-call"    // an indirect call of another type
	KindStack         Kind = "stack"            // the call stack is exhausted
	KindException     Kind = "exception"        // an exception that nothing caught
	KindExit          Kind = "exit"             // proc_exit
	KindABI           Kind = "abi"              // the guest broke the Graph ABI
	KindResult        Kind = "result"           // the guest's result is not what it declared
	KindDenied        Kind = "denied"           // a host call that no grant allows
	KindDeadline      Kind = "deadline"         // the turn's time ran out
	KindKilled        Kind = "killed"           // killed from outside
	KindLimit         Kind = "limit"            // another limit of the manifest
	KindHost          Kind = "host"             // the host could not go on
	KindUninitialised Kind = "initialisation"   // a host call before the first turn
)

// Trap is the typed end of a turn that the guest could not finish. Kind and
// Index are recorded and must be equal on replay; the rest is for people.
type Trap struct {
	Kind     Kind
	Message  string
	Function string   // name of the function that trapped, "" where the module carries none
	Index    uint32   // its index in the module
	Known    bool     // whether Function, Index and Offset are known
	Offset   uint32   // byte offset of its body in the module file
	Stack    []string // names of the guest's frames, innermost first
	Fuel     int64    // what the turn had spent

	cause error // ErrNodeMemory or nil
}

// Trapf makes a trap that a host function ends the turn with.
func Trapf(kind Kind, format string, args ...any) *Trap {
	return &Trap{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Error gives the kind, the message and the guest's function.
func (t *Trap) Error() string {
	var b strings.Builder
	b.WriteString("trap ")
	b.WriteString(string(t.Kind))
	if t.Message != "" {
		b.WriteString(": " + t.Message)
	}
	if where := t.Where(); where != "" {
		b.WriteString(" in " + where)
	}
	return b.String()
}

// Unwrap returns ErrNodeMemory for a trap that the node, not the guest or its
// limits, is the reason of.
func (t *Trap) Unwrap() error { return t.cause }

// Site returns the index of the function to record, and whether the trap is
// bound to one. Where a stack overflows depends on the engine, so it is not.
func (t *Trap) Site() (index uint32, known bool) {
	if t.Kind == KindStack || !t.Known {
		return 0, false
	}
	return t.Index, true
}

// Where names the guest's function for people, or "" when it is not known.
func (t *Trap) Where() string {
	switch {
	case !t.Known:
		return ""
	case t.Function == "":
		return fmt.Sprintf("function %d at 0x%x", t.Index, t.Offset)
	}
	return fmt.Sprintf("%s at 0x%x", t.Function, t.Offset)
}

// GuestError is a turn that the guest ended itself by answering err. Memory and
// instance are sound.
type GuestError struct {
	Message string // the guest's words
	Value   []byte // the err value as CGRF, nil when there was none
}

func (e *GuestError) Error() string { return e.Message }

// wazero marks its traps by text only; this is the one place that reads it.
var wazeroTraps = []struct {
	text string
	kind Kind
}{
	{"unreachable", KindUnreachable},
	{"out of bounds memory access", KindMemory},
	{"integer divide by zero", KindDivide},
	{"integer overflow", KindOverflow},
	{"invalid conversion to integer", KindConversion},
	{"invalid table access", KindTable},
	{"indirect call type mismatch", KindIndirect},
	{"stack overflow", KindStack},
	{"unaligned atomic", KindMemory},
	{"expected shared memory", KindMemory},
	{"uncaught exception", KindException},
}

const (
	wazeroError = "wasm error: "
	wazeroStack = "wasm stack trace:"
)

// trapOf turns what a call into the guest returned into a Trap.
func trapOf(err error, m *Module) *Trap {
	var exit *sys.ExitError
	var trap *Trap
	switch {
	case errors.As(err, &trap):
		copied := *trap
		trap = &copied
	case errors.As(err, &exit):
		trap = Trapf(KindExit, "the guest exited with status %d", exit.ExitCode())
	default:
		trap = &Trap{Kind: KindHost, Message: firstLine(err.Error())}
		text := err.Error()
		_, after, marked := strings.Cut(text, wazeroError)
		if marked {
			text = after
		}
		for _, w := range wazeroTraps {
			// An overflow of the stack comes without the mark.
			if strings.HasPrefix(text, w.text) && (marked || w.kind == KindStack) {
				trap.Kind, trap.Message = w.kind, w.text
			}
		}
	}
	if !trap.Known {
		trap.locate(err.Error(), m)
	}
	return trap
}

// causeOf is the trap that the cause of a context's end stands for.
func causeOf(ctx context.Context) *Trap {
	var cause *Trap
	if errors.As(context.Cause(ctx), &cause) {
		copied := *cause
		return &copied
	}
	return &Trap{Kind: KindKilled, Message: "cancelled"}
}

// maxMessage is how many bytes of a guest's words a message keeps.
const maxMessage = 4096

// clip makes text of a guest fit for a message.
func clip(s string) string {
	if len(s) > maxMessage {
		s = s[:maxMessage] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// locate reads the guest's frames from the stack trace in text. The modules are
// compiled without names, so each frame of a guest is ".$index(…)"; where the
// innermost frames belong to the Go runtime, the function reported is the one
// that called it.
func (t *Trap) locate(text string, m *Module) {
	// A message may hold the guest's own words; the trace comes after it.
	at := strings.LastIndex(text, wazeroStack)
	if at < 0 {
		return
	}
	for line := range strings.Lines(text[at+len(wazeroStack):]) {
		frame, ok := strings.CutPrefix(strings.TrimSpace(line), ".$")
		if !ok {
			continue
		}
		digits, _, _ := strings.Cut(frame, "(")
		compiled, err := strconv.ParseUint(digits, 10, 32)
		if err != nil {
			continue
		}
		index, ours := m.prepared.Original(uint32(compiled))
		if !ours {
			continue
		}
		name := m.Layout.FunctionName(index)
		t.Stack = append(t.Stack, cmp.Or(name, fmt.Sprintf("function %d", index)))
		if !t.Known || strings.HasPrefix(t.Function, "runtime.") && !strings.HasPrefix(name, "runtime.") {
			t.Known, t.Index, t.Function = true, index, name
			t.Offset = m.Layout.BodyOffset(index)
		}
	}
}
