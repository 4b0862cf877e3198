package cli

import "github.com/theater-go/theater/chain"

// jsonRecords shows records to programs: an array.
type jsonRecords struct {
	*listWriter
	events *eventReader
}

// record writes one record on one line.
func (j *jsonRecords) record(r chain.Record) error {
	events := []event{}
	for _, of := range r.Events {
		e := j.events.event(of)
		e.spell()
		events = append(events, e)
	}
	return j.value(struct {
		Actor  chain.ID   `json:"actor"`
		Number uint64     `json:"number"`
		Epoch  uint64     `json:"epoch"`
		Prev   chain.Hash `json:"prev"`
		Hash   chain.Hash `json:"hash"`
		Events []event    `json:"events"`
	}{r.Actor, r.Number, r.Epoch, r.Prev, r.Hash, events})
}
