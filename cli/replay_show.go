package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/theater-go/theater/chain"
)

// showResult shows what came of the replay of an actor to people: on standard error where
// something else is printed.
func (r *replayer) showResult(result *replayed) error {
	if r.format.value == formatJSON && r.print.value != "event" {
		return nil
	}
	if r.print.value == "state" && result.problem == nil {
		if err := r.writeLiteral(literalOrHex(result.report.State)); err != nil {
			return err
		}
	}
	out := r.out
	if r.print.value != "" {
		out = r.err
	}
	text := r.summary(result)
	if result.diverged != nil {
		text += result.divergence()
	}
	_, err := io.WriteString(out, text)
	return err
}

func (r *replayer) summary(result *replayed) string {
	s, done := result.actor, result.report
	text := fmt.Sprintf("%s  %s\n  %s, %s, %s are the same", escape(s.Path), s.ID,
		count(done.Records, "record"), count(done.Turns, "turn"), count(done.Restarts, "restart"))
	if done.Skipped > 0 {
		text += fmt.Sprintf(", but for %s that cannot be executed", count(done.Skipped, "interrupted turn"))
	}
	if result.problem == nil {
		text += ", head " + short(done.Head)
	}
	return text + "\n"
}

// divergence is where the execution and the chain part.
func (r *replayed) divergence() string {
	d := r.diverged
	text := fmt.Sprintf("  at event %d.%d %s\n", d.Record, d.Index, escape(d.What))
	if d.Call != nil {
		text += fmt.Sprintf("    in the turn of record %d, %s\n", d.Turn, escape(r.events.recorded.ExportName(d.Call.Export)))
	}
	recorded, replayed := "nothing", "nothing"
	if d.Recorded != nil {
		recorded = r.events.line(d.Recorded, r.events.recorded)
	}
	if d.Replayed != nil {
		replayed = r.events.line(d.Replayed, r.events.run)
	}
	text += "    recorded  " + inset(recorded) + "\n    replayed  " + inset(replayed) + "\n"
	if was, is := display(d.Was), display(d.Is); d.Was != nil && d.Is != nil && max(len(was), len(is)) > maxShown {
		at := max(parting(was, is)-contrastBefore, 0)
		text += "    recorded  … " + clip(was[at:]) + "\n    replayed  … " + clip(is[at:]) + "\n"
	}
	return text
}

// inset has the lines behind the first stand below it.
func inset(text string) string {
	first, rest, more := strings.Cut(text, "\n")
	if !more {
		return text
	}
	return first + "\n              " + strings.TrimLeft(rest, " ")
}

// contrastBefore is how much is shown of what two long values have in common, in
// bytes.
const contrastBefore = 40

// parting is where two texts part.
func parting(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// replayJSON is what came of replays as JSON shows it.
type replayJSON struct {
	Same   bool           `json:"same"`
	Actors []replayedJSON `json:"actors"`
}

type replayedJSON struct {
	ID         chain.ID        `json:"id"`
	Path       string          `json:"path"`
	Module     chain.Hash      `json:"module"` // that was run
	Recorded   chain.Hash      `json:"recorded_module"`
	Change     *change         `json:"change,omitempty"` // from the recorded module
	Same       bool            `json:"same"`
	Records    uint64          `json:"records"` // that are the same, and what is in them
	Events     uint64          `json:"events"`
	Turns      uint64          `json:"turns"`
	Restarts   uint64          `json:"restarts"`
	Skipped    uint64          `json:"skipped"`
	Head       chain.Hash      `json:"head"`
	State      *value          `json:"state,omitempty"`
	Failure    string          `json:"failure,omitempty"`
	Divergence *divergenceJSON `json:"divergence,omitempty"`
}

type divergenceJSON struct {
	Turn     uint64 `json:"turn"`
	Record   uint64 `json:"record"`
	Index    uint32 `json:"index"`
	What     string `json:"what"`
	Function string `json:"function,omitempty"`
	Recorded *side  `json:"recorded"`
	Replayed *side  `json:"replayed"`
}

// side is an event of the chain or of its replay, and the value in it that differs.
type side struct {
	Event *event `json:"event"`
	Value *value `json:"value,omitempty"`
}

func (r *replayer) inJSON(results []*replayed) replayJSON {
	out := replayJSON{Same: true, Actors: []replayedJSON{}}
	for _, result := range results {
		s, done := result.actor, result.report
		j := replayedJSON{
			ID: s.ID, Path: s.Path, Module: s.Module, Recorded: s.Module, Change: result.change, Same: result.problem == nil,
			Records: done.Records, Events: done.Events, Turns: done.Turns, Restarts: done.Restarts, Skipped: done.Skipped, Head: done.Head,
		}
		if result.module != nil {
			j.Module = result.module.Sum
		}
		if result.problem != nil {
			out.Same, j.Failure = false, result.problem.Error()
		} else if r.print.value == "state" {
			j.State = valueOf(done.State)
		}
		if result.diverged != nil {
			j.Divergence = result.divergenceJSON()
		}
		out.Actors = append(out.Actors, j)
	}
	return out
}

func (r *replayed) divergenceJSON() *divergenceJSON {
	d := r.diverged
	j := &divergenceJSON{Turn: d.Turn, Record: d.Record, Index: d.Index, What: d.What}
	if d.Call != nil {
		j.Function = r.events.recorded.ExportName(d.Call.Export)
	}
	if d.Recorded != nil {
		j.Recorded = &side{r.events.json(d.Recorded, r.events.recorded), valueOf(d.Was)}
	}
	if d.Replayed != nil {
		j.Replayed = &side{r.events.json(d.Replayed, r.events.run), valueOf(d.Is)}
	}
	return j
}

// valueOf is an encoded value, nil where there is none.
func valueOf(encoded []byte) *value {
	if len(encoded) == 0 {
		return nil
	}
	v := &value{Length: uint64(len(encoded))}
	v.Literal, v.Hex = literalOrHex(encoded)
	return v
}
