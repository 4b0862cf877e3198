package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/theater-go/theater/wasm/guest"
	"github.com/theater-go/theater/wasm/guest/message"
)

// errand is an order that the clock gives after a pause.
type errand struct {
	pause     time.Duration
	to, order string
}

// parseErrand reads a line of the clock's initial_state: pause, path, order.
func parseErrand(line string) (e errand, err error) {
	pause, rest := word(line)
	if e.to, e.order = word(rest); e.order == "" {
		return e, fmt.Errorf("errand %q: it is not a pause, a path and an order", line)
	}
	if e.pause, err = time.ParseDuration(pause); err != nil {
		return e, fmt.Errorf("errand %q: %w", line, err)
	}
	return e, nil
}

// wind gives the clock its errands, a line each.
func (a *actor) wind(text string) error {
	a.List = strings.Split(text, "\n")
	for _, line := range a.List {
		if _, err := parseErrand(line); err != nil {
			return err
		}
	}
	return nil
}

// tick sleeps until the next errand is due, gives its order, and has the clock
// tick again. Whatever it is sent makes it tick; the first time others do.
func (a *actor) tick(string) error {
	e, err := parseErrand(a.List[a.Count%len(a.List)])
	if err != nil {
		return err
	}
	time.Sleep(e.pause)
	passOn(e.to, e.order)
	a.Count++
	return message.Send(guest.Self(), []byte("tick"))
}
