package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/theater-go/theater/wasm/guest"
	"github.com/theater-go/theater/wasm/guest/message"
)

// count begins the ledger with the goods that it is told.
func (a *actor) count(goods string) error {
	a.List = strings.Fields(goods)
	return nil
}

// deliver writes new goods down.
func (a *actor) deliver(goods string) error {
	a.List = append(a.List, goods)
	guest.Log("there are " + strings.Join(a.List, ", "))
	return nil
}

// fetch asks another actor which goods there are, when it starts and never
// again: so this one must start after the other, and after it once more.
func (a *actor) fetch(from string) error {
	goods, err := message.Request(from, []byte("goods"))
	if err != nil {
		return fmt.Errorf("ask %s for the goods: %w", from, err)
	}
	a.List = strings.Fields(string(goods))
	return nil
}

// pick takes from the shelf what lies in a place, counted from 1. It does not
// look how many places there are.
func (a *actor) pick(place string) error {
	n, err := strconv.Atoi(place)
	if err != nil {
		return fmt.Errorf("%q is no place of the shelf", place)
	}
	guest.Log("here is your " + a.List[n-1])
	return nil
}

// print makes a label for each of the goods.
func (a *actor) print(string) error {
	guest.Log("labels for " + strings.Join(a.List, ", "))
	return nil
}
