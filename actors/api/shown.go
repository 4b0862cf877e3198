package api

import (
	"errors"
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
type shower struct{ modules map[chain.Hash]string }

func newShower() *shower { return &shower{modules: map[chain.Hash]string{}} }

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

func (s *shower) actor(i actors.Info) *theaterv1.Actor {
	a := &theaterv1.Actor{
		Path: i.Path, Name: i.Name, Status: string(i.Status), Module: s.module(i.Module),
		Parent: parentOf(i.Path), Turns: i.Turns, FailedTurns: i.Failed, Restarts: i.Restarts,
		Mailbox: int64(i.Mailbox), MailboxBytes: i.MailboxBytes, Memory: i.Memory, Fuel: i.Fuel, Children: int32(i.Below),
	}
	if !i.ID.IsZero() {
		a.Id = i.ID.String()
	}
	if !i.Created.IsZero() {
		a.Created = timestamppb.New(i.Created)
	}
	if i.Last != nil {
		a.LastFailure = exit(*i.Last)
	}
	return a
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
