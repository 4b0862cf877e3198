// Package main is two actors that hold each other to account. A relay numbers
// the requests that it answers, and tells each number to its sink, most of them
// in a message and each tenth in a request of its own. Who asks both can tell
// whether one of them has missed a number, or has had one twice.
package main

import (
	"fmt"
	"strconv"

	"github.com/theater-go/theater/wasm/guest"
	"github.com/theater-go/theater/wasm/guest/message"
)

// tally is the state of both: what a relay has answered and told, or what a sink
// has heard.
type tally struct {
	Sink  string // path of the relay's sink
	Count int    // of all numbers
	Order uint64 // of the numbers in messages, as a sum that another order would change
	Told  int    // in messages
	Asked int    // in requests
}

// start takes the path of the sink from the initial state.
func (t *tally) start(text string) error {
	if text != "" {
		t.Sink = text
	}
	return nil
}

func (t *tally) told(n int) {
	t.Told++
	t.Order = t.Order*1_000_003 + uint64(n)
}

func (t *tally) String() string { return fmt.Sprintf("%d %d %d %d", t.Count, t.Told, t.Order, t.Asked) }

// request answers "show" with what there is, and "next" with the next number.
// From a relay to its sink it is that number.
func (t *tally) request(body []byte) ([]byte, error) {
	switch string(body) {
	case "show":
		return []byte(t.String()), nil
	case "next":
		t.Count++
		number := strconv.AppendInt(nil, int64(t.Count), 10)
		if t.Count%10 != 0 {
			t.told(t.Count)
			return number, message.Send(t.Sink, number)
		}
		t.Asked++
		_, err := message.Request(t.Sink, number)
		return number, err
	}
	t.Asked++
	return nil, nil
}

// heard takes a number that a relay has told.
func (t *tally) heard(body []byte) error {
	n, err := strconv.Atoi(string(body))
	t.told(n)
	return err
}

func init() {
	guest.Init((*tally).start)
	message.HandleRequest((*tally).request)
	message.HandleSend((*tally).heard)
}

func main() {}
