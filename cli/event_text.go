package cli

import (
	"fmt"
	"time"

	"github.com/theater-go/theater/chain"
)

// text is an event in one line without its kind, and the state that it leaves, "" where
// that is as before.
func (e *event) text() (line, state string) {
	switch e.Kind {
	case "genesis":
		return e.genesisText(), ""
	case "call":
		return fmt.Sprintf("%s  %s%s%s", moment(e.at), escape(e.Function), bracketed(e.Input.text()), e.causeText()), ""
	case "host":
		return escape(e.Function) + bracketed(e.Input.text()) + e.endText(), ""
	case "intent":
		return escape(e.Function) + bracketed(e.Input.text()) + " leaves", ""
	case "outcome":
		input := "" // of a call that has left it stands with its intent
		if e.Input != nil {
			input = bracketed(e.Input.text())
		}
		return moment(e.at) + "  " + escape(e.Function) + input + e.endText(), ""
	case "key":
		return "of the turn's randomness", ""
	case "result":
		return e.resultText(), e.stateText()
	case "lifecycle":
		return e.lifecycleText(), ""
	}
	return "", ""
}

func (e *event) genesisText() string {
	children := ""
	if e.Children != nil {
		children = ", children " + shortOf(e.Children)
	}
	return fmt.Sprintf("%s  %s at %s, module %s, manifest %s%s, convention %d",
		moment(e.at), escape(e.Name), escape(e.Path), shortOf(e.Module), shortOf(e.Manifest), children, e.Convention)
}

// shortOf is the beginning of a hash that may not be there.
func shortOf(h *chain.Hash) string {
	if h == nil {
		return short(chain.Hash{})
	}
	return short(*h)
}

// bracketed puts parameters that are no tuple in brackets, as a tuple has.
func bracketed(text string) string {
	if len(text) > 0 && text[0] == '(' {
		return text
	}
	return "(" + text + ")"
}

// endText is how a host call ended.
func (e *event) endText() string {
	answer := e.Output.text()
	switch {
	case e.Status == chain.CallAnswered.String() && answer == "":
		return ""
	case e.Status == chain.CallAnswered.String():
		return " = " + answer
	case answer == "":
		return " " + escape(e.Status)
	}
	return " " + escape(e.Status) + " " + answer
}

func (e *event) causeText() string {
	text := ""
	switch {
	case e.Cause == nil:
	case e.Cause.Event != nil:
		text = "  because of " + e.Cause.Event.String()
	default:
		text = "  from " + escape(e.Cause.External)
	}
	if e.Delivery > 1 {
		text += fmt.Sprintf(", delivery %d", e.Delivery)
	}
	return text
}

// resultText is how a turn ended.
func (e *event) resultText() string {
	text := escape(e.Status)
	switch {
	case e.Status == chain.ResultOK.String():
		text += "  " + e.Output.text()
	case e.Error != nil:
		text += "  " + e.Error.text()
	case e.Text != "":
		text += "  " + clip(e.Text)
	case e.Trap != nil:
		text += "  " + escape(e.Trap.Kind)
		if e.Trap.Function != "" {
			text += " in " + escape(e.Trap.Function)
		}
	}
	if e.Fuel > 0 {
		text += fmt.Sprintf("  after %d fuel", e.Fuel)
	}
	return text
}

func (e *event) stateText() string {
	switch s := e.State; {
	case s == nil:
		return ""
	case s.raw != nil:
		return "state " + clip(display(s.raw))
	default:
		return fmt.Sprintf("state %s, %s", short(s.Sum), size(s.Length))
	}
}

func (e *event) lifecycleText() string {
	text := moment(e.at) + "  " + escape(e.What)
	if e.Count > 0 {
		text += fmt.Sprintf(" %d", e.Count)
	}
	if e.Reason != "" && e.Reason != e.What {
		text += " (" + escape(e.Reason) + ")"
	}
	if e.Detail != "" {
		text += ": " + clip(e.Detail)
	}
	if e.Event != nil {
		text += "  " + e.Event.String()
	}
	switch {
	case e.What == chain.LifecycleRestart.String():
		text += "  " + e.restartText()
	case e.What == chain.LifecycleCheckpoint.String() && e.Sum != nil:
		text += "  " + short(*e.Sum)
	}
	return text
}

// restartText is how long an actor waited for its restart, and what it begins
// with.
func (e *event) restartText() string {
	state := "with its last state"
	if e.Sum != nil {
		state = "with its initial state"
	}
	if e.WaitNS > 0 {
		state = fmt.Sprintf("after %s, %s", rounded(time.Duration(e.WaitNS)), state)
	}
	return state
}
