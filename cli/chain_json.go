package cli

import (
	"io"

	"github.com/theater-go/theater/chain"
)

// jsonRecords shows records to programs: an array.
type jsonRecords struct {
	to      io.Writer
	events  *eventReader
	started bool
}

func (j *jsonRecords) write(text string) error {
	_, err := io.WriteString(j.to, text)
	return err
}

func (j *jsonRecords) begin() error { return j.write("[") }

func (j *jsonRecords) end() error { return j.write("\n]\n") }

// record writes one record on one line.
func (j *jsonRecords) record(r chain.Record) error {
	events := []event{}
	for _, of := range r.Events {
		e := j.events.event(of)
		e.spell()
		events = append(events, e)
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
