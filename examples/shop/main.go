// Package main is every actor of a shop. Which one an instance is, the manifest
// says: the first word of its initial_state is its role, the rest is for the role.
package main

import (
	"fmt"
	"strings"

	"github.com/theater-go/theater/wasm/guest"
	"github.com/theater-go/theater/wasm/guest/message"
)

// actor is what the host keeps of an actor of the shop between two turns.
type actor struct {
	Role  string
	Count int      // what it has done so far: sales, greetings, errands
	List  []string // the goods of the stock, or the errands of the clock
}

// role is what an actor does. Start takes the rest of its initial_state; without
// it there is none.
type role struct {
	start func(a *actor, text string) error
	take  func(a *actor, order string) error
}

var roles = map[string]role{
	"manager": {take: (*actor).manage},
	"clock":   {start: (*actor).wind, take: (*actor).tick},
	"doorman": {start: (*actor).open, take: (*actor).greet},

	"till":    {take: (*actor).sell},
	"scale":   {take: (*actor).weigh},
	"trainee": {take: (*actor).help},

	"ledger": {start: (*actor).count, take: (*actor).deliver},
	"shelf":  {start: (*actor).fetch, take: (*actor).pick},
	"labels": {start: (*actor).fetch, take: (*actor).print},
}

// start takes the role. An actor that goes on with its last state is not
// started again, so it keeps the role with the rest.
func (a *actor) start(text string) error {
	name, rest := word(text)
	r, ok := roles[name]
	if !ok {
		return fmt.Errorf("initial_state begins with %q, which is no role", name)
	}
	a.Role = name
	if r.start == nil {
		return nil
	}
	return r.start(a, rest)
}

// order has the actor do what its role is for.
func (a *actor) order(body []byte) error { return roles[a.Role].take(a, string(body)) }

// goods tells another actor of the stock what there is.
func (a *actor) goods([]byte) ([]byte, error) { return []byte(strings.Join(a.List, " ")), nil }

// manage passes an order on: its first word is the path of who is to do it.
func (a *actor) manage(order string) error {
	to, what := word(order)
	passOn(to, what)
	return nil
}

// passOn sends an order. That nobody is there is no failure of who sends it.
func passOn(to, order string) {
	if err := message.Send(to, []byte(order)); err != nil {
		guest.Log("not done: " + order + ": " + err.Error())
	}
}

// word cuts off the first word of a text.
func word(text string) (first, rest string) {
	text = strings.TrimSpace(text)
	i := strings.IndexAny(text, " \t\n")
	if i < 0 {
		return text, ""
	}
	return text[:i], strings.TrimSpace(text[i:])
}

func init() {
	guest.Init((*actor).start)
	message.HandleSend((*actor).order)
	message.HandleRequest((*actor).goods)
}

func main() {}
