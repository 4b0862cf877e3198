package cli

import (
	"context"
	"encoding/hex"

	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// actorEvent is an event with its name, as JSON shows it.
type actorEvent struct {
	Actor  chain.ID    `json:"actor"`
	Path   string      `json:"path"`
	Record uint64      `json:"record"`
	Index  uint32      `json:"index"`
	Hash   *chain.Hash `json:"hash"` // of the record
	event
}

// eventOf reads an event as a node tells it. What of it cannot be read is left out.
func (n *conn) eventOf(ctx context.Context, e *theaterv1.Event) *actorEvent {
	out := &actorEvent{Path: e.Path, Record: e.Ref.GetRecord(), Index: e.Ref.GetIndex(), Hash: hashOf(e.RecordHash)}
	out.Actor, _ = chain.ParseID(e.Ref.GetActor())
	out.event = event{
		Kind: e.Kind, Function: e.Function, Status: e.Status, Delivery: e.Delivery, Text: e.Text, Fuel: e.Fuel,
		What: e.What, Reason: e.Reason, Detail: e.Detail, Count: e.Count, WaitNS: e.Wait.AsDuration().Nanoseconds(),
		Input: n.valueOf(ctx, e.Input), Output: n.valueOf(ctx, e.Output), Error: n.valueOf(ctx, e.Error), State: liveState(e.State),
		Event: referenceOf(e.About), Sum: hashOf(e.Sum), Key: hex.EncodeToString(e.Key),
	}
	if e.Time != nil {
		out.happened(e.Time.AsTime().UnixNano())
	}
	if c := e.Cause; c != nil {
		out.Cause = &cause{referenceOf(c.Event), c.External}
	}
	if t := e.Trap; t != nil {
		out.Trap = &trap{Kind: t.Kind, Index: t.Index, Function: t.Function}
	}
	if g := e.Genesis; g != nil {
		out.Name, out.Parent, out.Module, out.Manifest = g.Name, referenceOf(g.Parent), hashOf(g.Module), hashOf(g.Manifest)
		out.InitialState, out.Children, out.Sealed = hashOf(g.InitialState), hashOf(g.Children), g.Sealed
		out.Convention, out.Rewriter, out.FuelSchedule = g.Convention, g.Rewriter, g.FuelSchedule
	}
	if e.Kind == "genesis" {
		out.event.Path = e.Path
	}
	return out
}

// valueOf reads a payload, and fetches it when it is too long to be carried along and
// not too long to be shown.
func (n *conn) valueOf(ctx context.Context, v *theaterv1.Value) *value {
	if v == nil {
		return nil
	}
	out := &value{Length: v.Length, raw: v.Encoded}
	switch {
	case v.Sealed:
		out.Form, out.raw = formSealed, nil
	case v.Event != nil:
		out.Form, out.Event = formNotice, referenceOf(v.Event)
		return out
	case v.Length <= chain.InlineMax:
		return &value{raw: v.Encoded}
	default:
		out.Form = formBlob
	}
	if sum := hashOf(v.Sha256); sum != nil {
		out.Sum = *sum
	}
	if out.Form == formBlob && out.raw == nil && v.Length <= maxLoaded {
		out.raw, _ = n.Reader().Blob(ctx, out.Sum) // else it is shown by its sum
	}
	return out
}

// liveState reads the state that a turn leaves.
func liveState(v *theaterv1.Value) *value {
	switch {
	case v == nil:
		return nil
	case len(v.Encoded) > 0:
		return &value{raw: v.Encoded}
	}
	out := &value{Form: formHash, Length: v.Length}
	if v.Sealed {
		out.Form = formSealed
	}
	if sum := hashOf(v.Sha256); sum != nil {
		out.Sum = *sum
	}
	return out
}

func referenceOf(r *theaterv1.EventRef) *reference {
	if r == nil {
		return nil
	}
	id, err := chain.ParseID(r.Actor)
	if err != nil {
		return nil
	}
	return &reference{id, r.Record, r.Index}
}

// hashOf is nil for what is no hash.
func hashOf(text string) *chain.Hash {
	h, err := chain.ParseHash(text)
	if err != nil {
		return nil
	}
	return &h
}
