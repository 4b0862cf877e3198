package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm"
)

// Bounds of what is shown on one screen; JSON has all that the node says.
const (
	maxRestartsShown = 5
	maxTurnsShown    = 8
	maxChildrenShown = 10
)

// inspectActor shows a live actor.
func (n *conn) inspectActor(ctx context.Context, target string) error {
	r, err := askAbout(ctx, n, target, n.Actors.Inspect, &theaterv1.InspectRequest{Target: target})
	if err != nil {
		return err
	}
	if n.live.format.value != "text" {
		return n.live.show(newActorDocument(r))
	}
	s := &actorScreen{live: n.live, r: r, now: time.Now()}
	return s.show()
}

// layout reads what the module of an actor exports.
func (n *conn) layout(ctx context.Context, target string) (*wasm.Layout, error) {
	r, err := ask(ctx, n, n.Actors.Inspect, &theaterv1.InspectRequest{Target: target})
	if err != nil {
		return nil, err
	}
	sum, err := chain.ParseHash(r.Actor.GetModule())
	if err != nil {
		return nil, err
	}
	code, err := n.Reader().Blob(ctx, sum)
	if err != nil {
		return nil, err
	}
	return wasm.ReadLayout(code)
}

// actorScreen is all of an actor on one screen.
type actorScreen struct {
	*live
	r   *theaterv1.InspectResponse
	now time.Time
}

func (s *actorScreen) show() error {
	if err := s.writeColumns(s.facts()); err != nil {
		return err
	}
	for _, rows := range [][][]string{s.limits(), s.grants(), s.restarts(), s.turns(), s.children()} {
		if err := s.section(rows); err != nil {
			return err
		}
	}
	return nil
}

// facts are the lines about the actor as a whole.
func (s *actorScreen) facts() [][]string {
	a, c := s.r.Actor, s.r.Chain
	rows := [][]string{{"path", a.GetPath()}, {"id", a.GetId()}, {"status", s.status()}}
	if s.r.Turn != nil {
		rows = append(rows, []string{"busy", s.turn()})
	}
	if last := whyLive(a.GetLastFailure()); last != "" {
		rows = append(rows, []string{"last failure", last})
	}
	rows = append(rows, []string{"module", a.GetModule()})
	if from := strings.TrimSpace(clip(s.r.Version) + " " + clip(s.r.Folder)); from != "" {
		rows = append(rows, []string{"manifest", from})
	}
	rows = append(rows, s.supervision()...)
	rows = append(rows,
		[]string{"mailbox", fmt.Sprintf("%s, %s", count(uint64(a.GetMailbox()), "message"), size(a.GetMailboxBytes()))},
		[]string{"turns", fmt.Sprintf("%d, %d failed, %d fuel", a.GetTurns(), a.GetFailedTurns(), a.GetFuel())})
	if len(s.r.WaitsFor) > 0 {
		rows = append(rows, []string{"waits for", clip(strings.Join(s.r.WaitsFor, ", "))})
	}
	head := count(c.GetRecords(), "record") + ", head " + cut(c.GetHead(), 12)
	if c.GetDurability() != "" {
		head += ", " + c.GetDurability()
	}
	if c.GetSealed() {
		head += ", sealed"
	}
	return append(rows, []string{"chain", head})
}

func (s *actorScreen) status() string {
	a := s.r.Actor
	text := a.GetStatus()
	if a.GetCreated() != nil {
		text += ", made " + age(s.now.Sub(a.GetCreated().AsTime())) + " ago"
	}
	return text + ", " + count(uint64(a.GetRestarts()), "restart")
}

// turn is the one that runs: what it waits for, or what else would end it.
func (s *actorScreen) turn() string {
	t := s.r.Turn
	text := age(s.now.Sub(t.Since.AsTime())) + " in " + clip(lastName(t.Function))
	if t.WaitsIn != "" {
		return text + ", waits in " + clip(t.WaitsIn)
	}
	var limits []string
	for _, l := range s.r.Limits {
		if (l.Name == "turn_time" || l.Name == "fuel") && l.Limit > 0 {
			limits = append(limits, l.Name+" "+amount(l.Limit, l.Unit))
		}
	}
	if len(limits) > 0 {
		text += "; limits: " + strings.Join(limits, ", ")
	}
	return text
}

// lastName is the name of a function without its interface.
func lastName(function string) string { return function[strings.LastIndexByte(function, '.')+1:] }

// supervision says who starts the actor again, and how it does so with others.
func (s *actorScreen) supervision() [][]string {
	v := s.r.Supervision
	above := v.GetSupervisor()
	if above == "" {
		above = "the node"
	}
	if v.GetRestart() != "" {
		above += fmt.Sprintf(": %s, shutdown %s", v.GetRestart(), v.GetShutdown())
	}
	if v.GetSignificant() {
		above += ", significant"
	}
	rows := [][]string{{"supervisor", above}}
	if v.GetStrategy() != "" {
		rows = append(rows, []string{"strategy", fmt.Sprintf("%s, at most %s in %s", v.GetStrategy(),
			count(uint64(v.GetMaxRestarts()), "restart"), v.GetPeriod().AsDuration())})
	}
	return rows
}

func (s *actorScreen) limits() [][]string {
	rows := [][]string{{"LIMIT", "USED", "OF"}}
	for _, l := range s.r.Limits {
		used, most := "", "no limit"
		if l.Used != nil {
			used = amount(l.GetUsed(), l.Unit)
		}
		if l.Limit > 0 {
			most = amount(l.Limit, l.Unit)
		}
		rows = append(rows, []string{l.Name, used, most})
	}
	return rows
}

// amount is a number of a unit, for people.
func amount(n int64, unit string) string {
	switch unit {
	case "bytes":
		return size(n)
	case "nanoseconds":
		return time.Duration(n).String()
	}
	return fmt.Sprint(n)
}

func (s *actorScreen) grants() [][]string {
	rows := [][]string{{"GRANT", "INTERFACES", "POLICY"}}
	for _, g := range s.r.Grants {
		rows = append(rows, []string{g.Handler, clip(strings.Join(g.Interfaces, ", ")), clip(strings.Join(strings.Fields(g.Policy), " "))})
	}
	return rows
}

func (s *actorScreen) restarts() [][]string {
	rows := [][]string{{"RESTART", "AGO", "AFTER", "RECORD", "WHY"}}
	for _, r := range s.r.Restarts[:min(len(s.r.Restarts), maxRestartsShown)] {
		wait := ""
		if d := r.Wait.AsDuration(); d > 0 {
			wait = rounded(d).String()
		}
		rows = append(rows, []string{fmt.Sprint(r.Count), age(s.now.Sub(r.Time.AsTime())), wait, fmt.Sprint(r.Record),
			whyLive(&theaterv1.Exit{Reason: r.Reason, Detail: r.Detail})})
	}
	return rows
}

func (s *actorScreen) turns() [][]string {
	rows := [][]string{{"TURN", "AGO", "CALLS", "STATUS", "FUNCTION", "CAUSE"}}
	for _, t := range s.r.Turns[:min(len(s.r.Turns), maxTurnsShown)] {
		status := t.Status
		switch {
		case status == "":
			status = "runs"
		case t.Text != "":
			status = whyLive(&theaterv1.Exit{Reason: status, Detail: t.Text})
		}
		_, function, found := strings.Cut(t.Function, ".")
		if !found {
			function = t.Function
		}
		rows = append(rows, []string{fmt.Sprint(t.Record), age(s.now.Sub(t.Time.AsTime())), fmt.Sprint(t.Calls), status, function, clip(t.Cause)})
	}
	return rows
}

func (s *actorScreen) children() [][]string {
	rows := [][]string{{"CHILD", "STATUS", "BUSY", "RESTARTS", "MAILBOX", "TURNS", "MEMORY", "AGE", "LAST FAILURE"}}
	for _, a := range s.r.Children[:min(len(s.r.Children), maxChildrenShown)] {
		row := appendRow(nil, a, s.now)
		row[0] = a.Name
		rows = append(rows, row)
	}
	if more := len(s.r.Children) - maxChildrenShown; more > 0 {
		rows = append(rows, []string{fmt.Sprintf("… %d more", more)})
	}
	return rows
}
