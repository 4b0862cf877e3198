// Package main is the actor alice: she passes on what she is asked to say, and
// remembers the conversation.
package main

import (
	"errors"
	"strings"

	"github.com/theater-go/theater/wasm/guest"
	"github.com/theater-go/theater/wasm/guest/message"
)

// alice is what the host keeps of the actor between two turns.
type alice struct {
	Peer    string // path of the actor she talks to
	History []string
}

// start takes the peer's path from the manifest.
func (a *alice) start(text string) error {
	if text != "" {
		a.Peer = text
	}
	if a.Peer == "" {
		return errors.New("initial_state names no peer")
	}
	return nil
}

// request answers "history" with the conversation so far. Anything else she
// says to her peer; the peer's answer is hers.
func (a *alice) request(body []byte) (answer []byte, err error) {
	if string(body) == "history" {
		return []byte(strings.Join(a.History, "\n")), nil
	}
	if answer, err = message.Request(a.Peer, body); err != nil {
		return nil, err
	}
	a.History = append(a.History, "alice: "+string(body), "bob: "+string(answer))
	return answer, message.Send(a.Peer, []byte("thank you"))
}

func init() {
	guest.Init((*alice).start)
	message.HandleRequest((*alice).request)
}

func main() {}
