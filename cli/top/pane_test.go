package top_test

import (
	"errors"
	"fmt"
	"testing"
)

func TestAnActorsEventsAreFollowed(t *testing.T) {
	s := started(t)
	for i := range 30 {
		s.source.lines = append(s.source.lines, fmt.Sprintf("#%d\tcall \x1b[2Jpay", i))
	}
	s.Press("down", "enter")
	s.has("events of /shop …")
	for len(s.Asked) > 0 {
		s.Answer()
	}
	if got := fmt.Sprint(s.source.asked); got != "[events /shop]" {
		t.Errorf("it follows %s", got)
	}
	s.has("events of /shop, to its end", "#29    call [2Jpay", "#20 ")
	s.hasNot("#19 ", "cart")
	s.Press("up", "up")
	s.has("#18 ")
	s.hasNot("#28 ")
	s.Press("end")
	s.has("#29 ")
	s.Press("home")
	s.has("#0 ")
	s.Press("pgdown")
	s.has("#10 ")
	s.hasNot("#9 ")
	s.Press("right")
	s.has("\nall [2Jpay")
	s.Press("esc")
	s.has("cart")
	s.selects("/shop")
	if s.source.closed != 1 {
		t.Error("the feed was not closed")
	}
}

func TestOneWhoHasScrolledUpStaysThere(t *testing.T) {
	s := started(t)
	for i := range 6_000 {
		s.source.lines = append(s.source.lines, fmt.Sprint("line ", i))
	}
	s.Press("L")
	for range 3_000 {
		s.Answer()
	}
	s.has("logs of /clock", "line 2998")
	s.Press("pgup")
	s.has("line 2979", "end goes on")
	s.hasNot("line 2998")
	for range 1_500 {
		s.Answer()
	}
	s.has("line 2979")
	for len(s.Asked) > 0 {
		s.Answer()
	}
	s.has("line 2979", "to its end")
	s.Press("home")
	s.has("line 1000") // those before are forgotten
	s.hasNot("line 999")
}

func TestAPaneThatWasClosedTakesNothing(t *testing.T) {
	s := started(t)
	s.source.lines = []string{"of the first"}
	s.Press("enter", "esc", "down", "enter")
	s.source.lines = []string{"of the second"}
	s.Answer()
	if s.source.closed != 1 {
		t.Error("what was opened too late is not closed")
	}
	for len(s.Asked) > 0 {
		s.Answer()
	}
	s.has("of the second")
	s.hasNot("of the first")
	s.source.err = errors.New("the chain\x1b is gone")
	s.Press("esc", "enter")
	s.Answer()
	s.has("events of /shop: the chain is gone")
	s.Press("?")
	s.has("Keys")
	s.Press("x")
	s.has("events of /shop")
	s.Press("q")
	if len(s.Asked) != 1 {
		t.Error("the screen is not left")
	}
}
