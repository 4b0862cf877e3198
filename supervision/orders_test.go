package supervision_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/supervision"
)

// What a supervisor says to its children and to those who observe it.

func TestAChildThatStartsAgainIsToldWhy(t *testing.T) {
	w := newWorld(parsePlan("one-for-all initial=1s | a b"))
	play(w, rule{do: "fail a trap; advance 1s; fail b; advance 1s"})
	for path, want := range map[string]struct {
		reason supervision.Reason
		count  int
	}{"a": {supervision.ReasonShutdown, 2}, "b": {supervision.ReasonError, 2}} {
		got := w.agains[path]
		if got.Exit.Reason != want.reason || got.Count != want.count || got.Wait != time.Second {
			t.Errorf("%s starts again after %s, for the time %d, after %v", path, got.Exit, got.Count, got.Wait)
		}
	}
}

func TestAWaitThatWasCutShortIsSaidAsItWas(t *testing.T) {
	w := newWorld(parsePlan("initial=1m | a"))
	play(w, rule{do: "fail a; advance 3s; restart a"})
	if got := w.agains["a"].Wait; got != 3*time.Second {
		t.Errorf("it starts again after %v", got)
	}
}

// Orders with which the processes of children end that outlive their incarnation.
func TestAChildIsToldWhyItEnds(t *testing.T) {
	for name, c := range map[string]struct{ plan, do, path, want string }{
		"it was terminated":                            {"a", "terminate a", "a", "shutdown"},
		"it was terminated while it waited":            {"initial=1s | a", "fail a; terminate a", "a", "shutdown error"},
		"it ended in order and is not restarted":       {"a:transient", "exit a", "a", "shutdown normal"},
		"it failed and is not restarted":               {"a:temporary", "fail a trap", "a", "shutdown trap"},
		"it did not start":                             {"", "bad a 1; add a", "a", "shutdown init-failed"},
		"its supervisor stops":                         {"a", "stop", "a", "shutdown"},
		"its supervisor stops while it waits":          {"initial=1s | a", "fail a; stop", "a", "shutdown error"},
		"its supervisor gives up because of it":        {"max=0 | a", "fail a", "a", "shutdown error"},
		"its supervisor shuts itself down":             {"auto=any | a b:transient,significant", "exit b", "b", "shutdown normal"},
		"its supervisor is suspended":                  {"a", "suspend", "a", "suspended"},
		"and it waits, and would start again":          {"initial=1s | a", "fail a; suspend", "a", "suspended resumes"},
		"and it waits for its fellow's sake":           {"one-for-all initial=1s | a b", "fail a; suspend", "b", "suspended resumes"},
		"and it fails meanwhile, and would be started": {"a b:deaf", "suspend; fail a; advance 1s", "a", "suspended resumes"},
		"and it fails meanwhile, and would not":        {"a:temporary b:deaf", "suspend; fail a; advance 1s", "a", "suspended error"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(parsePlan(c.plan))
			w.keeps = true
			play(w, rule{do: c.do})
			o := w.orders[c.path]
			got := string(o.Reason)
			if o.Resumes {
				got += " resumes"
			}
			if o.Exit != nil {
				got += " " + string(o.Exit.Reason)
			}
			if got != c.want {
				t.Errorf("it was told %q, want %q", got, c.want)
			}
		})
	}
}

func TestWhatHappensIsObserved(t *testing.T) {
	for name, c := range map[string]struct{ plan, do, want string }{
		"a restart":               {"a", "fail a", "a started; a failed error restart; a started#1"},
		"a restart that waits":    {"initial=2s | a", "fail a; advance 2s", "a started; a failed error restart 2s; a started#1"},
		"an end in order":         {"a:transient", "exit a", "a started; a ended normal stop; a gone normal"},
		"an orderly restart":      {"a", "exit a", "a started; a ended normal restart; a started#1"},
		"a failure for good":      {"a:temporary", "fail a", "a started; a failed error stop; a gone error"},
		"a group":                 {"one-for-all | a b", "fail a", "a started; b started; a failed error restart; a started#1; b started#1"},
		"two failures of a group": {"one-for-all | a b:temporary c", "fail a & fail b & fail c", "a started; b started; c started; a failed error restart; b failed error stop; c failed error restart; b gone error; a started#1; c started#1"},
		"giving up":               {"max=0 | a b", "fail b", "a started; b started; b failed error escalate; b gone error; a gone shutdown"},
		"a stop":                  {"a b", "stop", "a started; b started; b gone shutdown; a gone shutdown"},
		"a failure during a stop": {"a b:deaf", "stop; fail a; advance 1s", "a started; b started; a failed error stop; b gone killed; a gone error"},
		"a termination":           {"a", "terminate a", "a started; a gone shutdown"},
		"a termination of a child that had ended":   {"initial=1s | a", "fail a; terminate a", "a started; a failed error restart 1s; a gone error"},
		"a start that fails, of a child that joins": {"", "bad a 1; add a", "a failed init-failed stop; a gone init-failed"},
	} {
		for _, keeps := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/keeps=%v", name, keeps), func(t *testing.T) {
				w := newWorld(parsePlan(c.plan))
				w.keeps = keeps
				play(w, rule{do: c.do})
				var got []string
				for _, e := range w.events {
					text := e.Child + " " + string(e.What)
					for _, word := range []string{string(e.Exit.Reason), string(e.Directive)} {
						if word != "" {
							text += " " + word
						}
					}
					if e.Wait > 0 {
						text += " " + e.Wait.String()
					}
					if e.What == supervision.EventStarted && e.Restarts > 0 {
						text += fmt.Sprintf("#%d", e.Restarts)
					}
					got = append(got, text)
					if e.Of == nil {
						t.Errorf("%s: of nobody", text)
					}
				}
				if got := strings.Join(got, "; "); got != c.want {
					t.Errorf("observed:\n%s\nwant:\n%s", got, c.want)
				}
			})
		}
	}
}
