package chain

// Names is what an event names outside of its own chain. What is zero or nil is not
// named.
type Names struct {
	Blobs      [3]Hash     // by their sums alone
	Children   Hash        // the list of what children are made from, which names others
	Checkpoint Hash        // a blob that the log may have dropped
	Payloads   [2]*Payload // of the event, which may be blobs, sealed, or a notice
	Events     [2]Ref      // of other actors, that were before it
}

// NamesOf says what an event names.
func NamesOf(e Event) (n Names) {
	switch e := e.(type) {
	case *Genesis:
		n.Blobs = [3]Hash{e.Module, e.Manifest, e.InitialState}
		n.Children, n.Events[0] = e.Children, e.Parent
	case *Call:
		n.Payloads[0] = &e.Params
		n.Events[0], _ = e.Params.Notice()
		if e.Cause.Kind == CauseEvent {
			n.Events[1] = e.Cause.Event
		}
	case *Host:
		n.Payloads = [2]*Payload{&e.Input, &e.Output}
	case *Intent:
		n.Payloads[0] = &e.Input
	case *Outcome:
		n.Payloads = [2]*Payload{&e.Input, &e.Output}
	case *Result:
		n.Payloads = [2]*Payload{&e.Response, &e.Error}
	case *Lifecycle:
		n.Events[0] = e.Ref
		switch e.What {
		case LifecycleUpgrade:
			n.Blobs = [3]Hash{e.Sum, e.Manifest}
		case LifecycleCheckpoint:
			n.Checkpoint = e.Sum
		}
	}
	return n
}
