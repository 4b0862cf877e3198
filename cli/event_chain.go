package cli

import (
	"context"
	"encoding/hex"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
)

// eventReader reads the events of one actor's chain.
type eventReader struct {
	displayer
	module *wasm.Layout // nil where it is not known
}

func newEventReader(ctx context.Context, r chain.Reader, s chain.Summary) *eventReader {
	return &eventReader{displayer{ctx, r}, moduleNames(ctx, r, s.Module)}
}

func (r *eventReader) event(e chain.Event) event {
	out := event{Kind: chain.KindOf(e)}
	switch e := e.(type) {
	case *chain.Genesis:
		out.happened(e.Time)
		out.Name, out.Path, out.Parent = e.Name, e.Path, newReference(e.Parent)
		out.Module, out.Manifest, out.InitialState = hashOrNil(e.Module), hashOrNil(e.Manifest), hashOrNil(e.InitialState)
		out.Children = hashOrNil(e.Children)
		out.Convention, out.Rewriter, out.FuelSchedule, out.Sealed = e.Convention, e.Rewriter, e.FuelSchedule, e.Sealed
	case *chain.Call:
		out.happened(e.Time)
		out.Function, out.Input, out.Delivery = r.module.ExportName(e.Export), r.value(e.Params), e.Delivery
		if e.Cause.Kind != chain.CauseNone {
			out.Cause = &cause{newReference(e.Cause.Event), e.Cause.External}
		}
	case *chain.Host:
		out.Function, out.Input, out.Status, out.Output = r.module.ImportName(e.Import), r.value(e.Input), e.Status.String(), r.value(e.Output)
	case *chain.Intent:
		out.Function, out.Input = r.module.ImportName(e.Import), r.value(e.Input)
	case *chain.Outcome:
		out.happened(e.Time)
		out.Function, out.Input = r.module.ImportName(e.Import), r.value(e.Input)
		out.Status, out.Output = e.Status.String(), r.value(e.Output)
	case *chain.Key:
		out.Key = hex.EncodeToString(e.Key[:])
	case *chain.Result:
		r.result(&out, e)
	case *chain.Lifecycle:
		out.happened(e.Time)
		out.What, out.Reason, out.Detail = e.What.String(), e.Reason, e.Detail
		out.Count, out.WaitNS, out.Event = e.Count, e.Wait, newReference(e.Ref)
		out.Sum, out.Manifest = hashOrNil(e.Sum), hashOrNil(e.Manifest)
		out.Convention, out.Rewriter, out.FuelSchedule = e.Convention, e.Rewriter, e.FuelSchedule
	}
	return out
}

func (r *eventReader) result(out *event, e *chain.Result) {
	out.Status, out.Output, out.Error = e.Status.String(), r.value(e.Response), r.value(e.Error)
	out.Fuel, out.Text, out.State = e.Fuel, e.Text, stateOf(e.State)
	if e.Trap.Kind != "" {
		out.Trap = &trap{Kind: e.Trap.Kind}
		if e.Trap.Known {
			out.Trap.Function, out.Trap.Index = r.module.FunctionLabel(e.Trap.Function), &e.Trap.Function
		}
	}
}

// stateOf is the state that a turn leaves; nil where it is as before.
func stateOf(s chain.StateRef) *value {
	switch {
	case s.IsZero():
		return nil
	case len(s.Inline) > 0:
		return &value{raw: s.Inline}
	case s.Sealed:
		return &value{Form: formSealed, Sum: s.Sum, Length: s.Length}
	}
	return &value{Form: formHash, Sum: s.Sum, Length: s.Length}
}
