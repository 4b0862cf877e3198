// Package main is the actor counter: it counts the requests to increment it.
package main

import (
	"fmt"
	"strconv"

	"github.com/theater-go/theater/wasm/guest/message"
)

// counter is what the host keeps of the actor between two turns.
type counter struct {
	Count uint64
}

// request answers with the count, after what is asked for.
func (c *counter) request(body []byte) (answer []byte, err error) {
	switch string(body) {
	case "increment":
		c.Count++
	case "get":
	case "crash":
		panic("crash was requested")
	case "spin":
		for {
			c.Count++
		}
	default:
		return nil, fmt.Errorf("unknown request %q: want increment, get, crash or spin", body)
	}
	return strconv.AppendUint(nil, c.Count, 10), nil
}

func init() { message.HandleRequest((*counter).request) }

func main() {}
