package top

import (
	"context"
	"errors"
	"io"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// maxLines is how many lines a pane remembers.
const maxLines = 5_000

// pane shows the lines of an actor, and goes along with those that come.
type pane struct {
	number int // tells the messages of one from those of another
	feed   Feed
	actor  Actor
	stop   context.CancelFunc
	from   Lines // nil until it is open

	lines   []string
	dropped int   // lines that were forgotten
	first   int   // the first line on the screen, unless it follows
	left    bool  // the user has left the end
	shift   int   // characters that are cut off at the left
	over    error // why there are no more lines
}

// openPane follows the selected actor.
func (m *model) openPane(feed Feed) tea.Cmd {
	r := m.table.current()
	if r == nil {
		return nil
	}
	m.closePane()
	ctx, stop := context.WithCancel(m.ctx)
	m.opened++
	p := &pane{number: m.opened, feed: feed, actor: r.Actor, stop: stop}
	m.pane = p
	return func() tea.Msg {
		lines, err := m.source.Follow(ctx, p.feed, p.actor)
		return openedMsg{p.number, lines, err}
	}
}

func (m *model) closePane() {
	if m.pane == nil {
		return
	}
	m.pane.stop()
	if m.pane.from != nil {
		_ = m.pane.from.Close() // nobody reads on
	}
	m.pane = nil
}

func (m *model) paneOpened(msg openedMsg) tea.Cmd {
	switch p := m.pane; {
	case p == nil || p.number != msg.pane:
		if msg.lines != nil {
			_ = msg.lines.Close() // the user has gone on
		}
		return nil
	case msg.err != nil:
		p.over = msg.err
		return nil
	default:
		p.from = msg.lines
		return p.next()
	}
}

// next waits for a line.
func (p *pane) next() tea.Cmd {
	from, number := p.from, p.number
	return func() tea.Msg {
		text, err := from.Next()
		return lineMsg{number, text, err}
	}
}

func (m *model) paneLine(msg lineMsg) tea.Cmd {
	p := m.pane
	if p == nil || p.number != msg.pane {
		return nil
	}
	if msg.err != nil {
		p.over = msg.err
		return nil
	}
	p.lines = append(p.lines, strings.Map(printable, strings.ReplaceAll(msg.text, "\t", "    ")))
	if over := len(p.lines) - maxLines; over > 0 {
		p.lines = p.lines[over:]
		p.dropped += over
		p.first = max(p.first-over, 0)
	}
	return p.next()
}

// printable leaves out what is not to be seen.
func printable(r rune) rune {
	if unicode.IsGraphic(r) {
		return r
	}
	return -1
}

// room is how many lines of a pane fit on the screen, without its title.
func (m *model) room() int { return max(m.height-len(m.header())-2, 1) }

// start is the first line that is shown.
func (p *pane) start(room int) int {
	end := max(len(p.lines)-room, 0)
	if !p.left {
		return end
	}
	return min(p.first, end)
}

func (m *model) paneKey(word string) {
	p, room := m.pane, m.room()
	by := map[string]int{
		"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -room, "ctrl+b": -room, "pgdown": room, "ctrl+f": room, "space": room,
		"home": -maxLines, "g": -maxLines, "end": maxLines, "G": maxLines,
	}
	switch word {
	case "esc", "backspace", "enter":
		m.closePane()
	case "left", "h":
		p.shift = max(p.shift-8, 0)
	case "right", "l":
		p.shift += 8
	default:
		if step, ok := by[word]; ok {
			end := max(len(p.lines)-room, 0)
			p.first = max(min(p.start(room)+step, end), 0)
			p.left = p.first < end
		}
	}
}

// body is what is shown of a pane: its title, and below it lines.
func (p *pane) body(width, room int) []string {
	title := string(p.feed) + " of " + p.actor.Path
	first := p.start(room)
	switch {
	case errors.Is(p.over, io.EOF):
		title += ", to its end"
	case p.over != nil:
		title += ": " + strings.Map(printable, p.over.Error())
	case p.left:
		title += ", end goes on"
	case p.from == nil:
		title += " …"
	}
	lines := []string{bold.paint(cut(title, width))}
	for _, line := range p.lines[first:min(first+room, len(p.lines))] {
		if p.shift > 0 {
			line = ansi.TruncateLeft(line, p.shift, "")
		}
		lines = append(lines, cut(line, width))
	}
	return lines
}
