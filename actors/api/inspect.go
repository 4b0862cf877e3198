package api

import (
	"cmp"
	"context"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/theater-go/theater/actors"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// Inspect shows one live actor.
func (s *actorService) Inspect(ctx context.Context, r *theaterv1.InspectRequest) (*theaterv1.InspectResponse, error) {
	ref, err := s.live(r.Target)
	if err != nil {
		return nil, named(err)
	}
	d, err := s.System.Detail(ref)
	if err != nil {
		return nil, err
	}
	show := newShower()
	m := d.Manifest
	answer := &theaterv1.InspectResponse{
		Actor: show.actor(d.Info), Supervision: supervisionOf(&d), Grants: grants(&d), Limits: limitsOf(&d),
		Manifest: string(m.Raw), Version: m.Version, Folder: text(m.Dir),
	}
	for _, c := range d.Children {
		answer.Children = append(answer.Children, show.actor(c))
	}
	if t := d.Turn; t != nil {
		answer.Turn = &theaterv1.OpenTurn{Function: text(t.Export), Since: timestamppb.New(t.Since), WaitsIn: text(t.In)}
	}
	if d.WaitsFor != "" {
		answer.WaitsFor = []string{d.WaitsFor}
	}
	answer.Chain = &theaterv1.ChainHead{
		Records: d.Records, Head: hashText(d.Head), Sealed: m.Chain.Sealed,
		Durability: cmp.Or(string(m.Chain.Durability), s.Node.Info().GetDurability()),
	}
	if err := s.recent(ctx, &d, answer); err != nil {
		return nil, err
	}
	return answer, nil
}

func supervisionOf(d *actors.Detail) *theaterv1.Supervision {
	m := d.Manifest.Supervision
	return &theaterv1.Supervision{
		Supervisor: parentOf(d.Path), Restart: d.Restart, Shutdown: d.Shutdown, Significant: d.Significant,
		Strategy: string(m.Strategy), MaxRestarts: int32(m.MaxRestarts), Period: durationpb.New(m.Period),
		AutoShutdown: string(m.AutoShutdown), OnError: string(m.OnError), RestartState: string(m.RestartState),
		Mailbox: string(m.Mailbox), MaxDeliveries: int32(m.MaxDeliveries),
	}
}

func grants(d *actors.Detail) []*theaterv1.Grant {
	var all []*theaterv1.Grant
	for i, h := range d.Manifest.Handlers {
		all = append(all, &theaterv1.Grant{Handler: h.Type, Interfaces: d.Interfaces[i], Policy: h.Settings()})
	}
	return all
}

func limitsOf(d *actors.Detail) []*theaterv1.Limit {
	l := d.Manifest.Limits
	used := func(n int64) *int64 { return &n }
	return []*theaterv1.Limit{
		{Name: "memory", Used: used(d.Memory), Limit: l.Memory, Unit: "bytes"},
		{Name: "mailbox_messages", Used: used(int64(d.Mailbox)), Limit: int64(l.MailboxMessages), Unit: "messages"},
		{Name: "mailbox_bytes", Used: used(d.MailboxBytes), Limit: l.MailboxBytes, Unit: "bytes"},
		{Name: "fuel", Used: used(d.LastFuel), Limit: l.Fuel, Unit: "fuel"},
		{Name: "turn_time", Limit: int64(l.TurnTime), Unit: "nanoseconds"},
		{Name: "wait_time", Limit: int64(l.WaitTime), Unit: "nanoseconds"},
		{Name: "host_calls", Limit: int64(l.HostCalls), Unit: "calls"},
		{Name: "recorded_bytes", Limit: l.RecordedBytes, Unit: "bytes"},
		{Name: "log_bytes", Limit: l.LogBytes, Unit: "bytes"},
	}
}
