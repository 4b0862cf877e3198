package cli

import "github.com/theater-go/theater/chain"

// event is an event of any kind, of a chain or as a node tells of it. Each kind has the
// fields it needs.
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

	at int64 // what Time is
}

// spell has the values written as JSON shows them.
func (e *event) spell() {
	for _, v := range []*value{e.Input, e.Output, e.Error, e.State} {
		if v != nil && v.raw != nil {
			v.Literal, v.Hex = literalOrHex(v.raw)
		}
	}
}

// happened sets when an event was; 0 is not known.
func (e *event) happened(unixNano int64) {
	if e.at = unixNano; unixNano != 0 {
		e.Time = moment3339(unixNano)
	}
}

// cause is what made a turn happen: an event, or a client.
type cause struct {
	Event    *reference `json:"event,omitempty"`
	External string     `json:"external,omitempty"`
}

// trap is where and how a guest was stopped.
type trap struct {
	Kind     string  `json:"kind"`
	Index    *uint32 `json:"index,omitempty"`
	Function string  `json:"function,omitempty"`
}

func hashOrNil(h chain.Hash) *chain.Hash {
	if h.IsZero() {
		return nil
	}
	return &h
}
