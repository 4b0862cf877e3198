package main

import (
	"fmt"
	"strings"

	"github.com/theater-go/theater/wasm/guest"
)

// open has the clock go, whose path the doorman is told.
func (a *actor) open(clock string) error {
	passOn(clock, "open")
	return nil
}

// greet greets a customer. With the third the doorman's day is over.
func (a *actor) greet(name string) error {
	a.Count++
	guest.Log("good morning, " + name)
	if a.Count < 3 {
		return nil
	}
	return guest.Shutdown([]byte("my day is over"))
}

// vouchers are those that were taken, by number. Nobody makes the map, so the
// first voucher is one too many.
var vouchers map[string]int

// sell takes money for goods, or a voucher.
func (a *actor) sell(goods string) error {
	if number, ok := strings.CutPrefix(goods, "voucher "); ok {
		vouchers[number]++
	}
	a.Count++
	guest.Log(fmt.Sprintf("sold %s, %d so far", goods, a.Count))
	return nil
}

// weigh waits until the needle moves, which it never does under a feather.
func (a *actor) weigh(what string) error {
	for needle := 0; needle == 0; {
		if what != "feather" {
			needle++
		}
	}
	guest.Log("weighed " + what)
	return nil
}

// help fails as those do who know that they cannot.
func (a *actor) help(what string) error {
	return fmt.Errorf("nobody has shown me how to %s", what)
}
