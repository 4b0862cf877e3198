package top

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// key does what a key says. What is open first, hears it first.
func (m *model) key(k tea.KeyPressMsg) tea.Cmd {
	word := k.String()
	switch {
	case word == "ctrl+c":
		return m.leave()
	case word == "ctrl+z":
		return tea.Suspend
	case m.asking != nil:
		return m.answer(word)
	case m.typing:
		m.typed(k)
		return nil
	}
	m.notice = notice{}
	switch {
	case m.help:
		m.help = false
		return nil
	case word == "?" || word == "f1":
		m.help = true
		return nil
	case word == "q":
		return m.leave()
	case m.pane != nil:
		m.paneKey(word)
		return nil
	}
	return m.tableKey(word)
}

// leave ends the screen.
func (m *model) leave() tea.Cmd {
	m.closePane()
	return tea.Quit
}

// answer ends a question.
func (m *model) answer(word string) tea.Cmd {
	q := *m.asking
	m.asking = nil
	if word == "y" || word == "Y" {
		return m.do(q)
	}
	m.notice = notice{text: "nothing was done to " + q.actor.Path}
	return nil
}

// typed takes a key of one who types a filter.
func (m *model) typed(k tea.KeyPressMsg) {
	switch word := k.String(); word {
	case "enter":
		m.typing = false
	case "esc":
		m.typing = false
		m.search("")
	case "backspace":
		if runes := []rune(m.table.filter); len(runes) > 0 {
			m.search(string(runes[:len(runes)-1]))
		}
	case "ctrl+u":
		m.search("")
	case "up", "down", "pgup", "pgdown":
		m.tableKey(word)
	default:
		if !k.Mod.Contains(tea.ModCtrl) && !k.Mod.Contains(tea.ModAlt) {
			m.search(m.table.filter + k.Text)
		}
	}
}

// maxFilter is how long a filter may be, in bytes.
const maxFilter = 200

func (m *model) search(filter string) {
	filter = strings.ToLower(strings.Map(printable, filter))
	if len(filter) <= maxFilter {
		m.table.filter = filter
		m.table.arrange()
	}
}

func (m *model) tableKey(word string) tea.Cmd {
	t := &m.table
	switch word {
	case "up", "k":
		t.moveTo(t.at - 1)
	case "down", "j":
		t.moveTo(t.at + 1)
	case "pgup", "ctrl+b":
		t.moveTo(t.at - t.height)
	case "pgdown", "ctrl+f":
		t.moveTo(t.at + t.height)
	case "home", "g":
		t.moveTo(0)
	case "end", "G":
		t.moveTo(len(t.shown) - 1)
	case "left", "h", "-":
		t.fold()
	case "right", "l", "+":
		t.unfold()
	case "space":
		if r := t.current(); r != nil && t.collapsed[r.key()] {
			t.unfold()
		} else {
			t.fold()
		}
	case "*":
		t.foldAll()
	case ">", ".":
		t.sort(1)
	case "<", ",":
		t.sort(-1)
	case "i":
		t.reverse = t.order != 0 && !t.reverse
		t.arrange()
	case "t":
		t.sort(-t.order)
	case "/":
		m.typing = true
	case "esc":
		m.search("")
	case "enter", "e":
		return m.openPane(Events)
	case "L":
		return m.openPane(Logs)
	case "S":
		m.ask(Stop)
	case "R":
		m.ask(Restart)
	case "K":
		m.ask(Kill)
	}
	return nil
}

// keyHelp are the keys and what they do.
var keyHelp = [][2]string{
	{"↑ ↓ j k", "select an actor; pgup, pgdown, home, end, g, G go further"},
	{"← → space", "hide or show what is below it; * all of that"},
	{"< >", "sort by the column before, or the next; i the other way round, t the tree"},
	{"/", "show actors whose path or failure has a text, or that have a status or an id; esc all"},
	{"enter e", "follow its events"},
	{"L", "follow what it and those below it write"},
	{"S", "stop it for good"},
	{"R", "restart it"},
	{"K", "kill it, which is a failure: its supervisor decides what then"},
	{"ctrl+z", "back to the shell, fg returns"},
	{"q ctrl+c", "leave"},
}
