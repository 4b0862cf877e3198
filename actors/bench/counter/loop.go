package main

import "github.com/theater-go/theater/wasm/guest/message"

const steps = 5_000_000

// loop is work with nothing of the host in it: a generator of pseudo-random
// numbers, seeded with the count, makes so many steps. The count stays.
func (c *counter) loop([]byte) error {
	x := c.Count | 1
	for range steps {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	if x == 0 { // never, but the compiler does not know
		c.Count = 0
	}
	return nil
}

func init() { message.HandleSend((*counter).loop) }
