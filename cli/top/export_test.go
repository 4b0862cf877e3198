package top

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// Screen is a screen that tests give messages to. It has no program around it.
type Screen struct {
	*model
	Asked []tea.Cmd // what it wants to be done, but for the next look
}

// NewScreen has not shown anything yet.
func NewScreen(s Source, now func() time.Time) *Screen {
	return &Screen{model: newModel(context.Background(), s, time.Second, now)}
}

// Looked shows what a look has found.
func (s *Screen) Looked(snapshot *Snapshot, err error) {
	s.Update(lookedMsg{snapshot: snapshot, err: err})
}

// Resize changes the size of the terminal.
func (s *Screen) Resize(width, height int) { s.Update(tea.WindowSizeMsg{Width: width, Height: height}) }

// Press presses keys, each by its name or as it is typed.
func (s *Screen) Press(keys ...string) {
	codes := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
		"home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "space": tea.KeySpace, "backspace": tea.KeyBackspace,
	}
	for _, k := range keys {
		msg := tea.KeyPressMsg{Code: codes[k]}
		if msg.Code == 0 {
			msg.Text, msg.Code = k, []rune(k)[0]
		}
		if _, cmd := s.Update(msg); cmd != nil {
			s.Asked = append(s.Asked, cmd)
		}
	}
}

// Answer does the oldest thing that was asked for, and shows what came of it.
func (s *Screen) Answer() {
	cmd := s.Asked[0]
	s.Asked = s.Asked[1:]
	if _, next := s.Update(cmd()); next != nil {
		s.Asked = append(s.Asked, next)
	}
}

// Paste pastes a text.
func (s *Screen) Paste(text string) { s.Update(tea.PasteMsg{Content: text}) }

// Styled is what is on the screen, Text the same without colours, and without the
// blanks at the ends of lines.
func (s *Screen) Styled() string { return s.View().Content }

func (s *Screen) Text() string {
	var lines []string
	for line := range strings.Lines(ansi.Strip(s.Styled())) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

// Selected is the path of the selected actor.
func (s *Screen) Selected() string {
	if r := s.table.current(); r != nil {
		return r.Path
	}
	return ""
}

// Widest is the width of the widest line.
func (s *Screen) Widest() (lines, width int) {
	for line := range strings.SplitSeq(s.Styled(), "\n") {
		lines, width = lines+1, max(width, ansi.StringWidth(line))
	}
	return lines, width
}

// The numbers of the table.
var (
	Number = number
	Pace   = pace
	Bytes  = bytes
	Span   = span
)
