package cli

import (
	"io"
	"log/slog"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/replay"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// During runs f and shows its progress on w, as on a terminal or not. f is
// given the writer of other messages, and says with next what it does next.
func During(w io.Writer, terminal bool, what string, quiet time.Duration, f func(w io.Writer, next func(string)) error) error {
	s := newStatus(w)
	s.terminal = terminal
	return s.during(what, quiet, func(next func(string)) error { return f(s, next) })
}

// Escape is how text of others is shown, EscapeJSON what is done to JSON.
func Escape(s string) string     { return escape(s) }
func EscapeJSON(b string) string { return string(escapeJSON([]byte(b))) }

// NewTraces shortens the stacks of guests, or does not.
func NewTraces(all bool) func(actors.Line) []string {
	t := &traces{all: all, of: map[string]*trace{}}
	return t.shorten
}

// Drawn are the lines of a drawn tree.
func Drawn(t *actors.Tree, most int) []string {
	var lines []string
	for _, twig := range draw(newBranch(t), most) {
		lines = append(lines, twig.lead+twig.name)
	}
	return lines
}

// News are the lines that changes are shown as; over is why actors are killed.
func News(over error, changes ...actors.Change) []string {
	var lines []string
	w := newWatcher(func(n news) { lines = append(lines, n.what+" "+n.text) })
	w.kill(over)
	for _, c := range changes {
		w.observe(c)
	}
	return lines
}

// Journal are the lines that errors of a log are shown as.
func Journal(f func(*slog.Logger)) (lines []string) {
	f(slog.New(journal{tell: func(n news) { lines = append(lines, n.what+" "+n.text) }}))
	return lines
}

// Feed is what shows news and what guests write.
type Feed struct{ f *feed }

func NewFeed(w io.Writer, coloured bool) Feed {
	s := newStatus(w)
	s.colour = coloured
	return Feed{newFeed(s, false)}
}

func (f Feed) Put(l actors.Line)                { f.f.put(l) }
func (f Feed) Tell(what, text string, bad bool) { f.f.tell(news{what, text, bad}) }
func (f Feed) Close()                           { f.f.close() }

// AsTrees orders chains as a list shows them.
func AsTrees(all []chain.Summary) []chain.Summary { return asTrees(all) }

// CommandsWithJSON are the commands that have a flag --output, without theater.
func CommandsWithJSON() []string {
	var names []string
	var walk func(prefix string, list []*cli.Command)
	walk = func(prefix string, list []*cli.Command) {
		for _, c := range list {
			for _, f := range c.Flags {
				if f.Names()[0] == "output" {
					names = append(names, prefix+c.Name)
				}
			}
			walk(prefix+c.Name+" ", c.Subcommands)
		}
	}
	walk("", (&program{err: newStatus(io.Discard)}).app(nil).Commands)
	return names
}

// ChangedActors are those that a watch shows; Page is a list on a terminal with room
// for so many lines, and Repaint what draws lines.
func ChangedActors(before, now []*theaterv1.Actor) []*theaterv1.Actor {
	return changedActors(before, now)
}

func Page(all []*theaterv1.Actor, room int) []string {
	return new(actorWatch).page(all, room, time.Now())
}

func Repaint(lines []string, width int) string { return repaint(lines, width) }

// Fitted are rows on a terminal of that width.
func Fitted(rows [][]string, width int) string { return fitted(new(columns).addAll(rows), width) }

// Columns are rows that come bit by bit.
func Columns(parts ...[][]string) string {
	var c columns
	text := ""
	for _, rows := range parts {
		text += c.addAll(rows).text()
	}
	return text
}

// Age is how long something has been there, WhyLive how an exit is shown.
func Age(d time.Duration) string       { return age(d) }
func WhyLive(e *theaterv1.Exit) string { return whyLive(e) }
func EscapeLines(b []byte) []byte      { return escapeLines(b) }

// ReplayProgress shows on w, as on a terminal or not, how the records of a chain are
// confirmed, each after a time.
func ReplayProgress(w io.Writer, terminal bool, records uint64, each time.Duration) {
	s := newStatus(w)
	s.terminal = terminal
	p := &replayProgress{status: s, path: "/counter", total: records, started: time.Now()}
	for n := range records {
		time.Sleep(each)
		_ = p.confirmed(chain.Record{}, replay.Report{Records: n + 1})
	}
	_ = p.end()
}

// YAMLWriter writes the JSON that it is given as YAML.
func YAMLWriter(w io.Writer) io.Writer { return &yamlWriter{to: w} }

// HelpOf are the help texts of all commands that do something.
func HelpOf() map[string]string {
	texts := map[string]string{}
	var walk func(prefix string, list []*cli.Command)
	walk = func(prefix string, list []*cli.Command) {
		for _, c := range list {
			if len(c.Subcommands) == 0 && !c.Hidden {
				texts[prefix+c.Name] = c.Description
			}
			walk(prefix+c.Name+" ", c.Subcommands)
		}
	}
	walk("", (&program{err: newStatus(io.Discard)}).app(nil).Commands)
	return texts
}

// BoundedLog writes to a file that others append to, which has so many bytes at most.
func BoundedLog(to io.Writer, path string, most int64) io.Writer {
	return &boundedLog{to: to, path: path, most: most}
}

// MisnamedCommands are those that have another name than the table of commands says.
func MisnamedCommands() (wrong []string) {
	p := &program{err: newStatus(io.Discard)}
	for _, g := range p.groups() {
		for _, m := range g.commands {
			if c := m.make(); c.Name != m.name || len(c.Aliases) > 0 {
				wrong = append(wrong, m.name)
			}
		}
	}
	if p.compileCommand().Name != compileName {
		wrong = append(wrong, compileName)
	}
	return wrong
}
