package top

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// View implements tea.Model.
func (m *model) View() tea.View {
	v := tea.NewView(strings.Join(m.screen(), "\n"))
	v.AltScreen = true
	v.WindowTitle = "theater top"
	return v
}

// screen is as many lines as the screen has, at most. Where it has few, the upper ones
// go first.
func (m *model) screen() []string {
	lines := append(m.header(), m.body()...)
	for len(lines) < m.height-1 {
		lines = append(lines, "")
	}
	lines = append(lines, m.footer())
	return lines[max(len(lines)-m.height, 0):]
}

// header is about the node.
func (m *model) header() []string {
	first := bold.paint(m.node.Name) + "  " + stateStyle(m.node.State).paint(m.node.State)
	if !m.node.Started.IsZero() {
		first += "  up " + span(m.seen.Sub(m.node.Started))
	}
	first += "  " + faint.paint(m.node.Address)
	second := fmt.Sprintf("actors %d  turns/s %s  fuel/s %s  memory %s", len(m.table.rows),
		paceOf(m.rates.turnRate, m.rates.known), paceOf(m.rates.allFuel, m.rates.known), bytes(m.node.Memory))
	if m.node.MemoryBudget > 0 {
		second += " of " + bytes(m.node.MemoryBudget)
	}
	if m.lost != nil {
		second = red.paint(fmt.Sprintf("nothing new for %s: %s", span(m.now().Sub(m.seen)), strings.Map(printable, m.lost.Error())))
	}
	return []string{cut(first, m.width), cut(second, m.width)}
}

func stateStyle(state string) style {
	if state == "ready" {
		return green
	}
	return yellow
}

// body is what stands between the header and the last line.
func (m *model) body() []string {
	switch {
	case m.help:
		return m.helpLines()
	case m.pane != nil:
		return m.pane.body(m.width, m.room())
	}
	widths := layout(m.width, m.table.widest)
	lines := []string{cut(m.table.heads(widths), m.width)}
	for _, place := range m.table.screen() {
		line := fit(m.table.line(place, widths, m.rates.known), m.width, false)
		switch {
		case m.table.rows[place].key() == m.table.selected:
			line = selected.paint(line)
		case m.lost != nil:
			line = faint.paint(ansi.Strip(line))
		}
		lines = append(lines, line)
	}
	if len(lines) == 1 {
		lines = append(lines, cut("there are no actors"+map[bool]string{true: " that the filter finds"}[m.table.filter != ""], m.width))
	}
	return lines
}

func (m *model) helpLines() []string {
	lines := []string{bold.paint(cut("Keys", m.width))}
	for _, k := range keyHelp {
		lines = append(lines, cut(fit(k[0], 10, false)+"  "+k[1], m.width))
	}
	return lines[:min(len(lines), m.room()+1)]
}

// footer is the last line: what is asked, what has been done, or which keys there are.
func (m *model) footer() string {
	text, look := m.hints(), faint
	switch {
	case m.asking != nil:
		text, look = fmt.Sprintf("%s %s %s? y or n", m.asking.deed, m.asking.actor.Path, m.asking.deed.means()), yellow
	case m.typing:
		text, look = fmt.Sprintf("/%s▏ %d of %d  enter keeps it, esc drops it", m.table.filter, len(m.table.shown), len(m.table.rows)), plain
	case m.notice.bad:
		text, look = strings.Map(printable, m.notice.text), red
	case m.notice.text != "":
		text, look = m.notice.text, plain
	}
	return look.paint(cut(text, m.width))
}

func (m *model) hints() string {
	switch {
	case m.help:
		return "any key goes back"
	case m.pane != nil:
		return "esc back  ↑↓ scroll  ←→ shift  end follow  q quit"
	}
	keys := "? keys  enter events  L logs  / filter  <> sort  S stop  R restart  K kill  q quit"
	if m.table.filter != "" {
		keys = fmt.Sprintf("/%s %d of %d, esc all  ", m.table.filter, len(m.table.shown), len(m.table.rows)) + keys
	}
	return keys
}
