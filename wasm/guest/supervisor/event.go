package supervisor

import "strconv"

// Event is what a child has recorded on its chain.
type Event struct {
	// Type is the event's kind: genesis, call, host, intent, outcome, key,
	// result or lifecycle. It is lagged where events are missing, since the
	// child recorded faster than this actor took.
	Type string
	// Data are the event's bytes as chains are written, the handler's to keep;
	// where events are missing, their number in decimal.
	Data []byte
}

// Missing is the number of events that are missing before the next one, 0 when
// e is an event itself.
func (e Event) Missing() uint64 {
	if e.Type != "lagged" {
		return 0
	}
	n, _ := strconv.ParseUint(string(e.Data), 10, 64)
	return n
}
