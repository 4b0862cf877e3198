// Package main is the actor bob: he answers what is said to him, and when he is
// thanked he asks his peer how the conversation went.
package main

import (
	"errors"
	"fmt"

	"github.com/theater-go/theater/wasm/guest"
	"github.com/theater-go/theater/wasm/guest/message"
)

// bob is what the host keeps of the actor between two turns.
type bob struct {
	Peer    string // path of the actor he talks to
	History string // as the peer told it
}

// start takes the peer's path from the manifest.
func (b *bob) start(text string) error {
	if text != "" {
		b.Peer = text
	}
	if b.Peer == "" {
		return errors.New("initial_state names no peer")
	}
	return nil
}

// request answers "history" with what he was told of it, and anything else
// with what he heard.
func (b *bob) request(body []byte) (answer []byte, err error) {
	if string(body) == "history" {
		return []byte(b.History), nil
	}
	return fmt.Appendf(nil, "you said %q", body), nil
}

// send asks the peer back. That the peer may be busy or gone is no failure of
// bob's.
func (b *bob) send(body []byte) error {
	guest.Log("told: " + string(body))
	history, err := message.Request(b.Peer, []byte("history"))
	if err != nil {
		guest.Log("no history: " + err.Error())
		return nil
	}
	b.History = string(history)
	return nil
}

func init() {
	guest.Init((*bob).start)
	message.HandleRequest((*bob).request)
	message.HandleSend((*bob).send)
}

func main() {}
