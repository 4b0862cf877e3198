package api

import (
	"context"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/proto/theater/v1/theaterv1connect"
)

// EachActor is Actors.List for who needs one actor after another, and not thousands at
// once: see is shown each, and reports whether it keeps it; else the next is shown in
// its place. What EachActor returns is the answer without them.
func (c *Client) EachActor(ctx context.Context, r *theaterv1.ListRequest, see func(*theaterv1.Actor) (keeps bool)) (*theaterv1.ListResponse, error) {
	client := connect.NewClient[theaterv1.ListRequest, eachActor](c.http, c.base+theaterv1connect.ActorServiceListProcedure,
		connect.WithCodec(eachCodec{}),
		connect.WithResponseInitializer(func(_ connect.Spec, m any) error {
			m.(*eachActor).see = see
			return nil
		}))
	answer, err := client.CallUnary(ctx, connect.NewRequest(r))
	if err != nil {
		return nil, err
	}
	return &answer.Msg.rest, nil
}

// eachActor is an answer whose actors are shown as they are decoded.
type eachActor struct {
	see  func(*theaterv1.Actor) (keeps bool)
	rest theaterv1.ListResponse
}

// actorsField is the number of ListResponse.actors.
var actorsField = (*theaterv1.ListResponse)(nil).ProtoReflect().Descriptor().Fields().ByName("actors").Number()

func (e *eachActor) decode(data []byte) error {
	var rest []byte
	one := &theaterv1.Actor{}
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		size := protowire.ConsumeFieldValue(number, kind, data[n:])
		if size < 0 {
			return protowire.ParseError(size)
		}
		if number == actorsField && kind == protowire.BytesType {
			fields, _ := protowire.ConsumeBytes(data[n:])
			if err := unmarshalAnew(fields, one); err != nil {
				return err
			}
			if e.see(one) {
				one = &theaterv1.Actor{}
			}
		} else {
			rest = append(rest, data[:n+size]...)
		}
		data = data[n+size:]
	}
	return proto.Unmarshal(rest, &e.rest)
}

// unmarshalAnew is proto.Unmarshal, but that the time of the actor before is where that
// of the next one is put: it is the one message that almost all of them have.
func unmarshalAnew(fields []byte, one *theaterv1.Actor) error {
	created := one.Created
	one.Reset()
	if created != nil {
		created.Reset()
		one.Created = created
	}
	err := proto.UnmarshalOptions{Merge: true}.Unmarshal(fields, one)
	if one.Created.GetSeconds() == 0 && one.Created.GetNanos() == 0 {
		one.Created = nil
	}
	return err
}

// eachCodec is that of protobuf.
type eachCodec struct{}

func (eachCodec) Name() string { return "proto" }

func (eachCodec) Marshal(m any) ([]byte, error) { return proto.Marshal(m.(proto.Message)) }

func (eachCodec) Unmarshal(data []byte, m any) error {
	if err := m.(*eachActor).decode(data); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}
