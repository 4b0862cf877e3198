package cli

import (
	"context"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// endedActor is an actor without a process, of which its chain tells, as JSON shows it.
type endedActor struct {
	Path    string     `json:"path"`
	ID      chain.ID   `json:"id"`
	Name    string     `json:"name"`
	Status  string     `json:"status"` // ended, suspended or cut off
	Reason  string     `json:"reason,omitempty"`
	Module  chain.Hash `json:"module"`
	Parent  string     `json:"parent,omitempty"`
	Created string     `json:"created"`
	Ended   string     `json:"ended"` // when its chain came to its end
	Records uint64     `json:"records"`
}

func newEndedActor(s chain.Summary) endedActor {
	e := endedActor{
		Path: s.Path, ID: s.ID, Name: s.Name, Status: endedStatus(s), Reason: s.Reason, Module: s.Module,
		Created: moment3339(s.Created), Ended: moment3339(s.Updated), Records: s.Records,
	}
	if above := path.Dir(s.Path); above != "/" {
		e.Parent = above
	}
	return e
}

// endedStatuses are those of actors without a process.
var endedStatuses = []string{"ended", "suspended", "cut off"}

// endedStatus is what has become of an actor that has no process.
func endedStatus(s chain.Summary) string {
	switch s.Status {
	case chain.StatusSuspended:
		return "suspended"
	case chain.StatusRunning:
		return "cut off"
	}
	return "ended"
}

// everActor is an actor that lives, or did.
type everActor struct {
	live  *theaterv1.Actor // nil for one that does not
	ended chain.Summary
}

// showAll lists the actors that live, and among them those that have ended.
func (n *conn) showAll(ctx context.Context, o *psOptions) error {
	var list []everActor
	err := n.lendChains(ctx, func(ctx context.Context, r chain.Reader) (err error) {
		list, err = n.ever(ctx, r, &o.filter.Filter)
		return err
	})
	switch {
	case err != nil:
		return err
	case n.live.format.value != "text":
		return n.live.show(asEver(list))
	case o.quiet:
		var b strings.Builder
		for _, a := range list {
			writePath(&b, a.path())
		}
		_, err := io.WriteString(n.live.out, b.String())
		return err
	}
	return n.live.writeRows(everRows(list, time.Now()))
}

// ever finds the actors that a filter holds for, in the order of their chains. The
// chains are read before the list of those that live, which has a chain each.
func (n *conn) ever(ctx context.Context, r chain.Reader, filter *theaterv1.Filter) ([]everActor, error) {
	var all []chain.Summary
	for s, err := range r.Actors(ctx) {
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	everybody, err := n.list(ctx, nil, nil)
	if err != nil {
		return nil, err
	}
	known := make(map[string]*theaterv1.Actor, len(everybody))
	for _, a := range everybody {
		known[a.Id] = a
	}
	wanted, err := n.wanted(ctx, filter, known, all)
	if err != nil {
		return nil, err
	}
	var list []everActor
	for _, s := range asTrees(all) {
		a := known[s.ID.String()]
		delete(known, s.ID.String())
		if a == nil && s.Status == chain.StatusRunning { // it may have ended since
			if s, err = r.Summary(ctx, s.ID); err != nil {
				return nil, err
			}
		}
		if a != nil && wanted.live[a.Id] || a == nil && wanted.ended(s) {
			list = append(list, everActor{a, s})
		}
	}
	for _, a := range everybody { // whose chain is younger, or kept by nobody
		if known[a.Id] != nil && wanted.live[a.Id] {
			list = append(list, everActor{live: a})
		}
	}
	return list, nil
}

// wantedActors says which actors a filter holds for.
type wantedActors struct {
	*theaterv1.Filter
	under string // a path
	live  map[string]bool
}

// wanted asks the node for which actors that live a filter holds; of the others it
// knows nothing. The one that the filter looks below may have ended.
func (n *conn) wanted(ctx context.Context, filter *theaterv1.Filter, known map[string]*theaterv1.Actor, all []chain.Summary) (wantedActors, error) {
	w := wantedActors{Filter: filter, under: filter.GetUnder(), live: map[string]bool{}}
	if a := known[w.under]; a != nil {
		w.under = a.Path
	}
	gone := false // whom the filter looks below
	for _, s := range all {
		if known[s.ID.String()] == nil && (s.ID.String() == filter.GetUnder() || s.Path == filter.GetUnder()) {
			w.under, gone = s.Path, true
		}
	}
	asked := &theaterv1.Filter{Statuses: slices.DeleteFunc(slices.Clone(filter.GetStatuses()), func(s string) bool {
		return s != "ended" && slices.Contains(endedStatuses, s)
	}), Name: filter.GetName(), Path: filter.GetPath(), Module: filter.GetModule(), MinRestarts: filter.GetMinRestarts(), Under: filter.GetUnder()}
	if len(asked.Statuses) == 0 && len(filter.GetStatuses()) > 0 {
		return w, nil
	}
	found, err := n.list(ctx, asked, []string{"id"})
	if gone && is(err, api.CodeNoActor) {
		return w, nil
	}
	for _, a := range found {
		w.live[a.Id] = true
	}
	return w, err
}

// ended reports whether the filter holds for an actor that does not live.
func (w wantedActors) ended(s chain.Summary) bool {
	return (len(w.Statuses) == 0 || slices.Contains(w.Statuses, endedStatus(s))) &&
		(w.Name == "" || wild(w.Name, s.Name)) && (w.Path == "" || wild(w.Path, s.Path)) &&
		strings.HasPrefix(s.Module.String(), strings.ToLower(w.Module)) && w.MinRestarts == 0 &&
		(w.under == "" || s.Path == w.under || strings.HasPrefix(s.Path, w.under+"/"))
}

// wild reports whether a text is as a pattern says, in which * stands for any text and
// ? for any character.
func wild(pattern, text string) bool {
	const noSlash = "\x00" // at which path.Match would stop
	ok, _ := path.Match(strings.NewReplacer("/", noSlash, "[", `\[`, `\`, `\\`).Replace(pattern), strings.ReplaceAll(text, "/", noSlash))
	return ok
}

func (a everActor) path() string {
	if a.live != nil {
		return a.live.Path
	}
	return a.ended.Path
}

func asEver(list []everActor) []any {
	shown := make([]any, 0, len(list))
	for _, a := range list {
		if a.live != nil {
			shown = append(shown, newLiveActor(a.live))
		} else {
			shown = append(shown, newEndedActor(a.ended))
		}
	}
	return shown
}

// everRows are the rows of ps, with when an actor has ended.
func everRows(list []everActor, now time.Time) [][]string {
	rows := [][]string{{"PATH", "STATUS", "RESTARTS", "TURNS", "MEMORY", "AGE", "ENDED", "LAST FAILURE"}}
	for _, a := range list {
		if l := a.live; l != nil {
			rows = append(rows, []string{l.Path, l.Status, strconv.FormatInt(l.Restarts, 10), strconv.FormatInt(l.Turns, 10), size(l.Memory), ageOf(l, now), "-", whyLive(l.LastFailure)})
			continue
		}
		s, status := a.ended, endedStatus(a.ended)
		if s.Reason != "" && s.Reason != status {
			status += " (" + s.Reason + ")"
		}
		rows = append(rows, []string{s.Path, status, "-", "-", "-", age(now.Sub(time.Unix(0, s.Created))), age(now.Sub(time.Unix(0, s.Updated))) + " ago", ""})
	}
	return rows
}
