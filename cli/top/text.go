package top

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// fit makes a text exactly so wide, at its left or right side.
func fit(text string, width int, right bool) string {
	text = cut(text, width)
	blank := strings.Repeat(" ", max(width-ansi.StringWidth(text), 0))
	if right {
		return blank + text
	}
	return text + blank
}

// cut makes a text no wider than it may be.
func cut(text string, width int) string {
	if strings.ContainsRune(text, '\t') {
		text = strings.ReplaceAll(text, "\t", "    ")
	}
	if width < 1 {
		return ""
	}
	return ansi.Truncate(text, width, "…")
}

// style is a colour or another look of text, as terminals call it.
type style string

const (
	plain    style = ""
	bold     style = "1"
	faint    style = "2"
	selected style = "7"
	red      style = "31"
	green    style = "32"
	yellow   style = "33"
	cyan     style = "36"
)

func (s style) paint(text string) string {
	if s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[m"
}

// number is a count in at most six characters.
func number(n int64) string {
	if n < 100_000 {
		return strconv.FormatInt(n, 10)
	}
	return pace(float64(n))
}

// pace is how much there is of something in a second.
func pace(f float64) string {
	switch {
	case f == 0:
		return "0"
	case f < 9.95:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return scaled(f, 1000, []string{"", "k", "M", "G", "T", "P", "E"})
}

// bytes is an amount of memory.
func bytes(n int64) string {
	return scaled(float64(n), 1024, []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"})
}

// scaled is an amount with three digits or so and its unit.
func scaled(f, step float64, units []string) string {
	unit := 0
	for f >= 999.5 && unit < len(units)-1 {
		f /= step
		unit++
	}
	digits := 0
	if unit > 0 && f < 99.95 {
		digits = 1
	}
	space := ""
	if step == 1024 {
		space = " "
	}
	return strconv.FormatFloat(f, 'f', digits, 64) + space + units[unit]
}

// span is how long something has lasted, in one or two units.
func span(d time.Duration) string {
	s := max(int64(d/time.Second), 0)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 24*3600:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd%02dh", s/(24*3600), s/3600%24)
}

// busy is for how long a turn runs, in at most nine characters; none is "".
func busy(d time.Duration, waits bool) string {
	if d <= 0 {
		return ""
	}
	text := ""
	switch {
	case d < 100*time.Second:
		text = strconv.Itoa(int(d/time.Second)) + "s"
	case d < 100*time.Minute:
		text = strconv.Itoa(int(d/time.Minute)) + "m"
	case d < 100*time.Hour:
		text = strconv.Itoa(int(d/time.Hour)) + "h"
	default:
		text = strconv.Itoa(int(d/(24*time.Hour))) + "d"
	}
	if waits {
		return "waits " + text
	}
	return text
}
