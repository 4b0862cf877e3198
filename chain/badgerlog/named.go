package badgerlog

import "github.com/theater-go/theater/chain"

// naming is what an event names outside of its own chain.
type naming struct {
	blobs    []chain.Hash // that a chain in order has
	lists    []chain.Hash // the same, which name others
	openings []chain.Hash // that it may lack
	events   []chain.Ref  // of other actors, that were before it
}

// named says what an event names.
func named(e chain.Event) (n naming) {
	switch e := e.(type) {
	case *chain.Genesis:
		n.blobs = append(n.blobs, e.Module, e.Manifest, e.InitialState)
		n.lists = append(n.lists, e.Children)
		n.events = append(n.events, e.Parent)
	case *chain.Call:
		n.payloads(e.Params)
		if ref, ok := e.Params.Notice(); ok {
			n.events = append(n.events, ref)
		}
		if e.Cause.Kind == chain.CauseEvent {
			n.events = append(n.events, e.Cause.Event)
		}
	case *chain.Host:
		n.payloads(e.Input, e.Output)
	case *chain.Intent:
		n.payloads(e.Input)
	case *chain.Outcome:
		n.payloads(e.Input, e.Output)
	case *chain.Result:
		n.payloads(e.Response, e.Error)
	case *chain.Lifecycle:
		n.events = append(n.events, e.Ref)
		if e.What == chain.LifecycleUpgrade {
			n.blobs = append(n.blobs, e.Sum, e.Manifest)
		}
	}
	return n
}

func (n *naming) payloads(payloads ...chain.Payload) {
	for _, p := range payloads {
		switch p.Form {
		case chain.FormBlob:
			n.blobs = append(n.blobs, p.Sum)
		case chain.FormSealed:
			n.openings = append(n.openings, p.Sum)
		}
	}
}
