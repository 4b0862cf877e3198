package cli

import (
	"errors"
	"strings"

	"github.com/theater-go/theater/wasm"
)

// refusal is a reason for which theater would not run a module.
type refusal struct {
	Reason string `json:"reason"`
	Hint   string `json:"hint,omitempty"`

	// What the check of the module says of itself.
	Limit        string  `json:"limit,omitempty"`
	Value        uint64  `json:"value,omitempty"`
	Max          uint64  `json:"max,omitempty"`
	Feature      string  `json:"feature,omitempty"`
	Function     *uint32 `json:"function,omitempty"` // its index
	FunctionName string  `json:"function_name,omitempty"`
	Offset       int     `json:"offset,omitempty"` // bytes
}

const rebuild = "the file is damaged or was made wrong: build it again"

// refuse adds what an error says, unless it has been said.
func (i *inspection) refuse(err error) {
	r := refusal{Reason: err.Error()}
	var abi *wasm.ABIError
	var check *wasm.CheckError
	var compile *wasm.CompileError
	var trap *wasm.Trap
	switch {
	case errors.As(err, &abi):
		r.Reason, r.Hint = abi.Reason, abi.Hint
	case errors.As(err, &check):
		r = checkRefusal(check)
	case errors.As(err, &compile):
		r.Hint = compileHint(compile)
	case strings.HasPrefix(r.Reason, "compile: "):
		r.Hint = rebuild
	case errors.As(err, &trap):
		r.Hint = "what a module does before its first turn has to end by itself and without host functions"
	}
	i.add(r)
}

// add adds a refusal, unless it is there. A reason that an error gives with its
// hint is the same as the two apart.
func (i *inspection) add(r refusal) {
	text := r.Reason
	if r.Hint != "" {
		text += ": " + r.Hint
	}
	if i.said == nil {
		i.said = map[string]bool{}
	}
	if !i.said[text] {
		i.said[text] = true
		i.refusals = append(i.refusals, r)
	}
}

func checkRefusal(e *wasm.CheckError) refusal {
	r := refusal{
		Reason: strings.TrimPrefix(e.Error(), "the module is refused: "),
		Limit:  e.Limit, Value: e.Value, Max: e.Max, Feature: e.Feature(), Offset: e.Offset, FunctionName: e.Name,
	}
	if e.InFunction {
		r.Function = &e.Function
	}
	switch {
	case r.Feature != "":
		r.Hint = "build the module without " + r.Feature
	case r.Limit != "" && e.InFunction:
		r.Hint = "make the function smaller, or the compiler inline less: what is let in compiles in a time that is known before"
	case r.Limit != "":
		r.Hint = "make the module smaller: what is let in compiles in a time that is known before"
	default:
		r.Hint = rebuild
	}
	return r
}
