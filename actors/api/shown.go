package api

import (
	"errors"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm"
)

// shower turns what a system knows into messages. It belongs to one call, in which
// many actors share a module.
type shower struct {
	fields  []actorField
	modules map[chain.Hash]string
	// Where an actor is encoded before the next one is shown, all have the same:
	created, busy *timestamppb.Timestamp
}

// newShower makes one that shows all fields of an actor.
func newShower() *shower { return &shower{fields: actorFields, modules: map[chain.Hash]string{}} }

// only leaves the fields of those names; none is all.
func (s *shower) only(names []string) error {
	if len(names) == 0 {
		return nil
	}
	s.fields = make([]actorField, 0, len(names))
	for _, name := range names {
		i := slices.IndexFunc(actorFields, func(f actorField) bool { return f.name == name })
		if i < 0 {
			return invalid("fields", "an actor has no field %.40q", name)
		}
		s.fields = append(s.fields, actorFields[i])
	}
	return nil
}

func (s *shower) module(sum chain.Hash) string {
	if sum.IsZero() {
		return ""
	}
	text, ok := s.modules[sum]
	if !ok {
		text = sum.String()
		s.modules[sum] = text
	}
	return text
}

// actorField is a field of an actor, as the protocol calls it.
type actorField struct {
	name string
	set  func(s *shower, a *theaterv1.Actor, i *actors.Info)
}

var actorFields = []actorField{
	{"id", func(_ *shower, a *theaterv1.Actor, i *actors.Info) {
		if !i.ID.IsZero() {
			a.Id = i.ID.String()
		}
	}},
	{"path", func(_ *shower, a *theaterv1.Actor, i *actors.Info) { a.Path = i.Path }},
	{"name", func(_ *shower, a *theaterv1.Actor, i *actors.Info) { a.Name = i.Name }},
	{"status", func(_ *shower, a *theaterv1.Actor, i *actors.Info) { a.Status = string(i.Status) }},
	{"module", func(s *shower, a *theaterv1.Actor, i *actors.Info) { a.Module = s.module(i.Module) }},
	{"created", func(s *shower, a *theaterv1.Actor, i *actors.Info) {
		a.Created = stamp(s.created, i.Created)
	}},
	{"parent", func(_ *shower, a *theaterv1.Actor, i *actors.Info) { a.Parent = parentOf(i.Path) }},
	{"turns", func(_ *shower, a *theaterv1.Actor, i *actors.Info) { a.Turns = i.Turns }},
	{"failed_turns", func(_ *shower, a *theaterv1.Actor, i *actors.Info) { a.FailedTurns = i.Failed }},
	{"restarts", func(_ *shower, a *theaterv1.Actor, i *actors.Info) { a.Restarts = i.Restarts }},
	{"last_failure", func(_ *shower, a *theaterv1.Actor, i *actors.Info) {
		if i.Last != nil {
			a.LastFailure = exit(*i.Last)
		}
	}},
	{"mailbox", func(_ *shower, a *theaterv1.Actor, i *actors.Info) { a.Mailbox = int64(i.Mailbox) }},
	{"mailbox_bytes", func(_ *shower, a *theaterv1.Actor, i *actors.Info) { a.MailboxBytes = i.MailboxBytes }},
	{"memory", func(_ *shower, a *theaterv1.Actor, i *actors.Info) { a.Memory = i.Memory }},
	{"fuel", func(_ *shower, a *theaterv1.Actor, i *actors.Info) { a.Fuel = i.Fuel }},
	{"busy_since", func(s *shower, a *theaterv1.Actor, i *actors.Info) {
		a.BusySince = stamp(s.busy, i.Busy)
	}},
	{"waits", func(_ *shower, a *theaterv1.Actor, i *actors.Info) { a.Waits = i.Waits }},
	{"children", func(_ *shower, a *theaterv1.Actor, i *actors.Info) { a.Children = int32(i.Below) }},
}

func (s *shower) actor(i actors.Info) *theaterv1.Actor {
	a := &theaterv1.Actor{}
	s.fill(a, &i)
	return a
}

func (s *shower) fill(a *theaterv1.Actor, i *actors.Info) {
	for _, f := range s.fields {
		f.set(s, a, i)
	}
}

// parentOf is the path of the actor above, "" for one at the root.
func parentOf(path string) string {
	if at := strings.LastIndexByte(path, '/'); at > 0 {
		return path[:at]
	}
	return ""
}

func exit(e actors.Exit) *theaterv1.Exit {
	shown := &theaterv1.Exit{Reason: string(e.Reason), Detail: text(e.Detail()), Data: e.Data}
	var trap *wasm.Trap
	if errors.As(e.Err, &trap) {
		shown.Trap = &theaterv1.Trap{Kind: string(trap.Kind), Function: text(trap.Function)}
	}
	return shown
}

// text makes what may be a guest's words, which are any bytes, the text that a
// message takes.
func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// stamp is a time, nil for none: in kept, or a new one where that is nil.
func stamp(kept *timestamppb.Timestamp, t time.Time) *timestamppb.Timestamp {
	switch {
	case t.IsZero():
		return nil
	case kept == nil:
		return timestamppb.New(t)
	}
	kept.Seconds, kept.Nanos = t.Unix(), int32(t.Nanosecond())
	return kept
}

// moment is a time of a chain.
func moment(unix int64) *timestamppb.Timestamp {
	if unix == 0 {
		return nil
	}
	return timestamppb.New(time.Unix(0, unix))
}

// span is a time that has passed, nil for none.
func span(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

// duration reads a field that may be unset, which is 0, and not negative.
func duration(field string, d *durationpb.Duration) (time.Duration, error) {
	if d == nil {
		return 0, nil
	}
	if err := d.CheckValid(); err != nil || d.AsDuration() < 0 {
		return 0, invalid(field, "%s is no time that can pass", field)
	}
	return d.AsDuration(), nil
}
