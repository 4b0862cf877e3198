package wasm

import (
	"sync/atomic"
	"time"
)

// courteous is for how long guests that spin mind others once somebody has come.
const courteous = 100 * time.Millisecond

// courtesy is that of guests that spin towards whoever looks at the node from
// outside: the system's scheduler lets each of their threads run for milliseconds
// before another one has the core, and a command meets dozens of such waits, in its
// own process and in this one. While somebody is there, guests offer their core to
// other threads after each slice. They do not always: the scheduler takes whoever
// offers his core for one who does not need it, and next to another program that
// computes all day guests would have a small part of the machine.
type courtesy struct {
	epoch time.Time
	until atomic.Int64 // since epoch
	offer func()       // lets another thread have the core, when one is waiting for it
}

func newCourtesy() *courtesy { return &courtesy{epoch: time.Now(), offer: offerCore} }

// Attend says that somebody outside waits for an answer: guests that spin mind other
// threads for the next 100 ms.
func (e *Engine) Attend() { e.courtesy.attend(time.Now()) }

func (c *courtesy) attend(now time.Time) { c.until.Store(int64(now.Add(courteous).Sub(c.epoch))) }

// after is for a guest that has spent a slice.
func (c *courtesy) after(now time.Time) {
	if int64(now.Sub(c.epoch)) < c.until.Load() {
		c.offer()
	}
}
