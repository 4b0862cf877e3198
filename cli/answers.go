package cli

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// from is what chains name as the cause of the messages.
const from = "theater run"

// tellAll tells the actor everything, one after the other, and reports whether
// an answer was among it. What is sent behind the last answer is waited for, as
// nothing else shows that the actor is through with it.
func (r *runner) tellAll(ctx context.Context) (answers bool) {
	last := len(r.messages) - 1
	for last >= 0 && r.messages[last].kind == kindSend {
		last--
	}
	for i, m := range r.messages {
		if ctx.Err() != nil {
			r.fail(fmt.Errorf("%s not said: %w", count(len(r.messages)-i, "message"), context.Cause(ctx)))
			break
		}
		if last < 0 || i < last+1 {
			r.tell(ctx, m)
		} else if err := r.tellAndWait(ctx, m); err != nil {
			r.fail(err)
		}
	}
	return last >= 0
}

// tellAndWait sends a message and waits until its turn is over.
func (r *runner) tellAndWait(ctx context.Context, m *message) error {
	root, err := r.node.System.Detail(r.root)
	if err != nil {
		return err
	}
	r.tell(ctx, m)
	ours := false
	for record, err := range r.node.Follow(ctx, root.ID, root.Records) {
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %w", m, context.Cause(ctx))
		case err != nil:
			return fmt.Errorf("%s: %w", m, err)
		}
		for _, e := range record.Events {
			switch e := e.(type) {
			case *chain.Call:
				ours = e.Cause.Kind == chain.CauseExternal
			case *chain.Result:
				if ours {
					return nil
				}
			}
		}
	}
	return nil
}

// fail shows what went wrong; the run goes on.
func (r *runner) fail(err error) {
	r.failures = errors.Join(r.failures, err)
	r.complain(err)
}

// tell gives the actor a message and shows the answer.
func (r *runner) tell(ctx context.Context, m *message) {
	var answer []byte
	var err error
	switch m.kind {
	case kindRequest:
		answer, err = r.node.System.Request(ctx, r.root, from, m.body)
	case kindSend:
		err = r.node.System.Send(r.root, from, m.body)
	case kindCall:
		var v pack.Value
		if v, err = r.node.System.Call(ctx, r.root, from, m.export, m.params); err == nil {
			answer = []byte(v.String())
		}
	}
	if err != nil {
		r.fail(r.hinted(ctx, fmt.Errorf("%s: %w", m, err)))
	}
	if m.kind == kindSend && err == nil {
		return
	}
	if err := r.showAnswer(m, answer, err); err != nil {
		r.fail(err)
	}
}

// hinted adds what the actor exports to an error about a wrong export, and how
// literals are written to one about wrong parameters.
func (r *runner) hinted(ctx context.Context, err error) error {
	var missing *actors.NoExportError
	var misfit *wasm.ParamsError
	if errors.As(err, &misfit) {
		return &failure{code: codeFailed, cause: err, hint: hintLiteral}
	}
	if !errors.As(err, &missing) {
		return err
	}
	info, infoErr := r.node.System.Inspect(r.root)
	if infoErr != nil {
		return err
	}
	module, blobErr := r.node.Log.Blob(ctx, info.Module)
	if blobErr != nil {
		return err
	}
	layout, layoutErr := wasm.ReadLayout(module)
	if layoutErr != nil {
		return err
	}
	return &failure{code: codeFailed, cause: err, hint: "it exports " + callable(layout)}
}

// showAnswer writes an answer, or in JSON also a failure, to standard output.
func (r *runner) showAnswer(m *message, answer []byte, failure error) error {
	if r.format == formatJSON {
		line := object{}
		line.put(string(m.kind), m.inJSON())
		if failure != nil {
			line["error"] = failure.Error()
		} else {
			line.put("answer", answer)
		}
		if r.results != nil {
			r.results.Answers = append(r.results.Answers, line)
			return nil
		}
		return r.writeJSON(line, false)
	}
	if failure != nil {
		return nil
	}
	_, err := r.out.Write(append(answer, '\n'))
	return err
}

// showData writes what the actor ended with.
func (r *runner) showData(exit actors.Exit) error {
	if r.format == formatJSON {
		line := object{"exit": string(exit.Reason)}
		line.put("data", exit.Data)
		if r.results != nil {
			r.results.End = line
			return nil
		}
		return r.writeJSON(line, false)
	}
	_, err := r.out.Write(append(exit.Data, '\n'))
	return err
}

// results is what a run with --tree writes in JSON: one value in place of lines.
type results struct {
	Answers []object `json:"answers,omitempty"`
	End     object   `json:"end,omitempty"`
	Tree    treeNode `json:"tree"`
}

// showStood writes the tree of the run.
func (r *runner) showStood(t *actors.Tree) error {
	if r.results == nil {
		return r.showTrees(runHeads, newBranch(t))
	}
	r.results.Tree = newTreeNode(t)
	return r.writeJSON(r.results, true)
}

// inJSON is what a message is called in JSON: its bytes, or the call as typed.
func (m *message) inJSON() []byte {
	if m.kind == kindCall {
		return []byte(m.text)
	}
	return m.body
}

// object is a JSON object.
type object map[string]any

// put adds bytes as text where they are, and in base64 under another name where
// they are not.
func (o object) put(name string, b []byte) {
	if utf8.Valid(b) {
		o[name] = string(b)
	} else {
		o[name+"_base64"] = b
	}
}
