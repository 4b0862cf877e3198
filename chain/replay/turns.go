package replay

import (
	"iter"

	"github.com/theater-go/theater/chain"
)

// Turn is a recorded turn: its call, the events within it, and its result. It
// may span several records.
type Turn struct {
	Record uint64 // in which the call stands
	Call   *chain.Call
	Events []chain.Event // between call and result
	Result *chain.Result // nil in a turn that was never closed
}

// Turns groups the events of a chain into turns, leaving out what lies between
// them. Only the last can be open.
func Turns(records iter.Seq2[chain.Record, error]) iter.Seq2[*Turn, error] {
	return func(yield func(*Turn, error) bool) {
		var open *Turn
		for r, err := range records {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, event := range r.Events {
				switch e := event.(type) {
				case *chain.Call:
					open = &Turn{Record: r.Number, Call: e}
				case *chain.Result:
					if open == nil {
						continue
					}
					open.Result = e
					if !yield(open, nil) {
						return
					}
					open = nil
				case *chain.Host, *chain.Intent, *chain.Outcome, *chain.Key:
					if open != nil {
						open.Events = append(open.Events, e)
					}
				}
			}
		}
		if open != nil {
			yield(open, nil)
		}
	}
}
