package cli

import (
	"context"
	"encoding/hex"

	"github.com/theater-go/theater/chain"
)

// jsonRecords shows records to programs: an array.
type jsonRecords struct {
	*program
	displayer
	names
	started bool
}

func (p *program) jsonRecords(ctx context.Context, r chain.Reader, s chain.Summary) recordWriter {
	return &jsonRecords{program: p, displayer: displayer{ctx, r}, names: moduleNames(ctx, r, s.Module)}
}

func (j *jsonRecords) write(text string) error {
	_, err := j.out.Write([]byte(text))
	return err
}

func (j *jsonRecords) begin() error { return j.write("[") }

func (j *jsonRecords) end() error { return j.write("\n]\n") }

// record writes one record on one line.
func (j *jsonRecords) record(r chain.Record) error {
	events := []event{}
	for _, e := range r.Events {
		events = append(events, j.event(e))
	}
	line, err := encodeJSON(struct {
		Actor  chain.ID   `json:"actor"`
		Number uint64     `json:"number"`
		Epoch  uint64     `json:"epoch"`
		Prev   chain.Hash `json:"prev"`
		Hash   chain.Hash `json:"hash"`
		Events []event    `json:"events"`
	}{r.Actor, r.Number, r.Epoch, r.Prev, r.Hash, events}, false)
	if err != nil {
		return err
	}
	separator := "\n"
	if j.started {
		separator = ",\n"
	}
	j.started = true
	return j.write(separator + string(line))
}

// event is an event of any kind. Each kind has the fields it needs.
type event struct {
	Kind         string      `json:"kind"`
	Time         string      `json:"time,omitempty"`
	Name         string      `json:"name,omitempty"`
	Path         string      `json:"path,omitempty"`
	Parent       *reference  `json:"parent,omitempty"`
	Module       *chain.Hash `json:"module,omitempty"`
	Manifest     *chain.Hash `json:"manifest,omitempty"`
	InitialState *chain.Hash `json:"initial_state,omitempty"`
	Children     *chain.Hash `json:"children,omitempty"`
	Convention   uint32      `json:"convention,omitempty"`
	Rewriter     uint32      `json:"rewriter,omitempty"`
	FuelSchedule uint32      `json:"fuel_schedule,omitempty"`
	Sealed       bool        `json:"sealed,omitempty"`
	Function     string      `json:"function,omitempty"` // of a call the export, of a host call the import
	Input        *value      `json:"input,omitempty"`
	Output       *value      `json:"output,omitempty"`
	Status       string      `json:"status,omitempty"`
	Cause        *cause      `json:"cause,omitempty"`
	Delivery     uint32      `json:"delivery,omitempty"`
	Key          string      `json:"key,omitempty"`
	Error        *value      `json:"error,omitempty"`
	Trap         *trap       `json:"trap,omitempty"`
	Text         string      `json:"text,omitempty"`
	State        *value      `json:"state,omitempty"`
	Fuel         uint64      `json:"fuel,omitempty"`
	What         string      `json:"what,omitempty"`
	Reason       string      `json:"reason,omitempty"`
	Detail       string      `json:"detail,omitempty"`
	Count        uint32      `json:"count,omitempty"`
	WaitNS       int64       `json:"wait_ns,omitempty"`
	Event        *reference  `json:"event,omitempty"`
	Sum          *chain.Hash `json:"sum,omitempty"`
}

type cause struct {
	Event    *reference `json:"event,omitempty"`
	External string     `json:"external,omitempty"`
}

type trap struct {
	Kind     string  `json:"kind"`
	Index    *uint32 `json:"index,omitempty"`
	Function string  `json:"function,omitempty"`
}

func (j *jsonRecords) event(e chain.Event) event {
	out := event{Kind: chain.KindOf(e)}
	switch e := e.(type) {
	case *chain.Genesis:
		out.Time, out.Name, out.Path, out.Parent = moment3339(e.Time), e.Name, e.Path, newReference(e.Parent)
		out.Module, out.Manifest, out.InitialState = hashOrNil(e.Module), hashOrNil(e.Manifest), hashOrNil(e.InitialState)
		out.Children = hashOrNil(e.Children)
		out.Convention, out.Rewriter, out.FuelSchedule, out.Sealed = e.Convention, e.Rewriter, e.FuelSchedule, e.Sealed
	case *chain.Call:
		out.Time, out.Function, out.Input, out.Delivery = moment3339(e.Time), j.export(e.Export), j.json(e.Params), e.Delivery
		if e.Cause.Kind != chain.CauseNone {
			out.Cause = &cause{newReference(e.Cause.Event), e.Cause.External}
		}
	case *chain.Host:
		out.Function, out.Input, out.Status, out.Output = j.imported(e.Import), j.json(e.Input), e.Status.String(), j.json(e.Output)
	case *chain.Intent:
		out.Function, out.Input = j.imported(e.Import), j.json(e.Input)
	case *chain.Outcome:
		out.Time, out.Function, out.Input = moment3339(e.Time), j.imported(e.Import), j.json(e.Input)
		out.Status, out.Output = e.Status.String(), j.json(e.Output)
	case *chain.Key:
		out.Key = hex.EncodeToString(e.Key[:])
	case *chain.Result:
		j.result(&out, e)
	case *chain.Lifecycle:
		out.Time, out.What, out.Reason, out.Detail = moment3339(e.Time), e.What.String(), e.Reason, e.Detail
		out.Count, out.WaitNS, out.Event = e.Count, e.Wait, newReference(e.Ref)
		out.Sum, out.Manifest = hashOrNil(e.Sum), hashOrNil(e.Manifest)
		out.Convention, out.Rewriter, out.FuelSchedule = e.Convention, e.Rewriter, e.FuelSchedule
	}
	return out
}

func (j *jsonRecords) result(out *event, r *chain.Result) {
	out.Status, out.Output, out.Error = r.Status.String(), j.json(r.Response), j.json(r.Error)
	out.Fuel, out.Text, out.State = r.Fuel, r.Text, stateOf(r.State)
	if r.Trap.Kind != "" {
		out.Trap = &trap{Kind: r.Trap.Kind, Function: j.function(r.Trap)}
		if r.Trap.Known {
			out.Trap.Index = &r.Trap.Function
		}
	}
}

// stateOf is a state as JSON shows it; nil where it is as before.
func stateOf(s chain.StateRef) *value {
	switch {
	case s.IsZero():
		return nil
	case len(s.Inline) > 0:
		literal, inHex := literalOrHex(s.Inline)
		return &value{Literal: literal, Hex: inHex}
	case s.Sealed:
		return &value{Form: "sealed", Sum: s.Sum, Length: s.Length}
	}
	return &value{Form: "hash", Sum: s.Sum, Length: s.Length}
}

func hashOrNil(h chain.Hash) *chain.Hash {
	if h.IsZero() {
		return nil
	}
	return &h
}
