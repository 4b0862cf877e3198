package chain

// turn follows one actor's events and says which may come next.
type turn struct {
	begun   bool // the genesis was seen
	open    bool // a call was seen and its result was not
	stopped bool
	ended   bool    // a turn ended the instance, and no restart gave another
	keyed   bool    // the open turn has its key
	intent  *Intent // left and not answered
	initial Hash    // the actor's initial state
}

// event takes the next event; it returns what is wrong with it, or nothing.
func (t *turn) event(e Event) (problem string) {
	_, genesis := e.(*Genesis)
	switch {
	case genesis && t.begun:
		return "a second genesis"
	case !genesis && !t.begun:
		return "the chain does not begin with a genesis"
	case t.stopped:
		return "the actor has stopped"
	}
	switch e := e.(type) {
	case *Genesis:
		t.begun, t.initial = true, e.InitialState
	case *Call:
		if t.open {
			return "the turn before has no result"
		}
		if t.ended {
			return "the turn before ended the instance, and nothing restarted it"
		}
		t.open, t.keyed = true, false
	case *Lifecycle:
		if t.open && e.What != LifecycleDropped {
			return "within a turn"
		}
		switch e.What {
		case LifecycleRestart:
			return t.restart(e)
		case LifecycleCheckpoint:
			return t.checkpoint(e)
		}
		t.stopped = e.What == LifecycleStopped
	default:
		if !t.open {
			return "outside a turn"
		}
		return t.inside(e)
	}
	return ""
}

// inside takes an event of the open turn.
func (t *turn) inside(e Event) (problem string) {
	if t.intent != nil {
		switch e.(type) {
		case *Outcome, *Result:
		default:
			return "the intent before has no outcome"
		}
	}
	switch e := e.(type) {
	case *Key:
		if t.keyed {
			return "a second key in the turn"
		}
		t.keyed = true
	case *Intent:
		t.intent = e
	case *Outcome:
		return t.outcome(e)
	case *Result:
		if t.intent != nil && e.Status == ResultOK {
			return "an intent has no outcome"
		}
		t.open, t.intent, t.ended = false, nil, e.Status.Ends()
	}
	return ""
}

func (t *turn) restart(e *Lifecycle) (problem string) {
	if !e.Sum.IsZero() && e.Sum != t.initial {
		return "it begins with a state that is not the actor's initial one"
	}
	t.ended = false
	return ""
}

func (t *turn) checkpoint(e *Lifecycle) (problem string) {
	switch {
	case t.ended:
		return "of an instance that the turn before has ended"
	case e.Sum.IsZero():
		return "it names no blob"
	}
	return ""
}

func (t *turn) outcome(e *Outcome) (problem string) {
	switch {
	case t.intent == nil && e.Input.IsZero():
		return "neither an intent before it nor an input of its own"
	case t.intent != nil && e.Import != t.intent.Import:
		return "the intent before is of another import"
	case t.intent != nil && !e.Input.IsZero():
		return "an input after an intent"
	}
	t.intent = nil
	return ""
}
