package api

import (
	"context"
	"time"

	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm"
)

// eventShower turns the events of one actor into messages.
type eventShower struct {
	module *wasm.Layout // nil where it is not known
	ctx    context.Context
	log    chain.Reader
	path   string
}

func (s *Server) events(ctx context.Context, sum chain.Summary) *eventShower {
	return &eventShower{module: s.layouts.of(ctx, sum.Module), ctx: ctx, log: s.Log, path: sum.Path}
}

// event shows one event of a record.
func (s *eventShower) event(r *chain.Record, index int) *theaterv1.Event {
	shown := &theaterv1.Event{
		Ref:  reference(chain.Ref{Actor: r.Actor, Record: r.Number, Index: uint32(index)}),
		Path: s.path, Kind: chain.KindOf(r.Events[index]), RecordHash: r.Hash.String(),
	}
	switch e := r.Events[index].(type) {
	case *chain.Genesis:
		shown.Time, shown.Genesis = moment(e.Time), genesis(e)
	case *chain.Call:
		shown.Time, shown.Function, shown.Input, shown.Delivery = moment(e.Time), text(s.module.ExportName(e.Export)), s.payload(e.Params), e.Delivery
		shown.Cause = cause(e.Cause)
	case *chain.Host:
		shown.Function, shown.Input, shown.Status, shown.Output = text(s.module.ImportName(e.Import)), s.payload(e.Input), e.Status.String(), s.payload(e.Output)
	case *chain.Intent:
		shown.Function, shown.Input = text(s.module.ImportName(e.Import)), s.payload(e.Input)
	case *chain.Outcome:
		shown.Time, shown.Function, shown.Input = moment(e.Time), text(s.module.ImportName(e.Import)), s.payload(e.Input)
		shown.Status, shown.Output = e.Status.String(), s.payload(e.Output)
	case *chain.Key:
		shown.Key = e.Key[:]
	case *chain.Result:
		s.result(shown, e)
	case *chain.Lifecycle:
		shown.Time, shown.What, shown.Reason, shown.Detail = moment(e.Time), e.What.String(), e.Reason, text(e.Detail)
		shown.Count, shown.About, shown.Sum, shown.Wait = e.Count, reference(e.Ref), hashText(e.Sum), span(time.Duration(e.Wait))
		if !e.Manifest.IsZero() || e.Convention > 0 || e.Rewriter > 0 || e.FuelSchedule > 0 {
			shown.Genesis = &theaterv1.Genesis{Manifest: hashText(e.Manifest), Convention: e.Convention, Rewriter: e.Rewriter, FuelSchedule: e.FuelSchedule}
		}
	}
	return shown
}

func (s *eventShower) result(shown *theaterv1.Event, r *chain.Result) {
	shown.Status, shown.Output, shown.Error = r.Status.String(), s.payload(r.Response), s.payload(r.Error)
	shown.Fuel, shown.Text, shown.State = r.Fuel, text(r.Text), stateOf(r.State)
	if r.Trap.Kind != "" {
		shown.Trap = &theaterv1.Trap{Kind: r.Trap.Kind}
		if r.Trap.Known {
			shown.Trap.Function, shown.Trap.Index = text(s.module.FunctionLabel(r.Trap.Function)), &r.Trap.Function
		}
	}
}

// payload shows a value that crossed the sandbox; nil for none.
func (s *eventShower) payload(p chain.Payload) *theaterv1.Value {
	switch {
	case p.IsZero():
		return nil
	case p.Form == chain.FormNotice:
		return s.notice(p)
	case p.Form == chain.FormSealed:
		return &theaterv1.Value{Sha256: p.Sum.String(), Length: p.Length, Sealed: true}
	case p.Form != chain.FormInline && p.Size() > maxEncoded:
		return &theaterv1.Value{Sha256: p.Sum.String(), Length: p.Length}
	}
	raw, err := p.Load(s.ctx, s.log)
	if err != nil { // chain verify tells why
		return &theaterv1.Value{Sha256: p.Sum.String(), Length: p.Length}
	}
	return valueOf(raw, briefly)
}

// notice shows a value that tells of an event.
func (s *eventShower) notice(p chain.Payload) *theaterv1.Value {
	shown := &theaterv1.Value{Length: p.Length}
	if raw, err := p.Load(s.ctx, s.log); err == nil { // else the other chain is gone, or damaged
		shown = valueOf(raw, briefly)
	}
	ref, _ := p.Notice()
	shown.Event = reference(ref)
	return shown
}

// stateOf shows a state; nil where it is as before.
func stateOf(s chain.StateRef) *theaterv1.Value {
	switch {
	case s.IsZero():
		return nil
	case len(s.Inline) > 0:
		return valueOf(s.Inline, briefly)
	}
	return &theaterv1.Value{Sha256: s.Sum.String(), Length: s.Length, Sealed: s.Sealed}
}

func genesis(g *chain.Genesis) *theaterv1.Genesis {
	return &theaterv1.Genesis{
		Name: g.Name, Parent: reference(g.Parent), Module: hashText(g.Module), Manifest: hashText(g.Manifest),
		InitialState: hashText(g.InitialState), Children: hashText(g.Children),
		Convention: g.Convention, Rewriter: g.Rewriter, FuelSchedule: g.FuelSchedule, Sealed: g.Sealed,
	}
}

func cause(c chain.Cause) *theaterv1.Cause {
	switch c.Kind {
	case chain.CauseEvent:
		return &theaterv1.Cause{Event: reference(c.Event)}
	case chain.CauseExternal:
		return &theaterv1.Cause{External: text(c.External)}
	}
	return nil
}

// reference is nil for what names nothing.
func reference(r chain.Ref) *theaterv1.EventRef {
	if r.IsZero() {
		return nil
	}
	return &theaterv1.EventRef{Actor: r.Actor.String(), Record: r.Record, Index: r.Index}
}

// hashText is "" for the hash of nothing.
func hashText(h chain.Hash) string {
	if h.IsZero() {
		return ""
	}
	return h.String()
}
