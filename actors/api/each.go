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

// EachActor is Actors.ListAll for who needs one actor after another, and not thousands
// at once: see is shown each as it comes, and reports whether it keeps it; else the next
// is shown in its place.
func (c *Client) EachActor(ctx context.Context, r *theaterv1.ListAllRequest, see func(*theaterv1.Actor) (keeps bool)) error {
	client := connect.NewClient[theaterv1.ListAllRequest, eachActor](c.http, c.base+theaterv1connect.ActorServiceListAllProcedure,
		connect.WithCodec(eachCodec{}),
		connect.WithResponseInitializer(func(_ connect.Spec, m any) error {
			m.(*eachActor).see = see
			return nil
		}))
	stream, err := client.CallServerStream(ctx, connect.NewRequest(r))
	if err != nil {
		return err
	}
	defer stream.Close()
	for stream.Receive() { // which shows them
	}
	return stream.Err()
}

// eachActor is an answer whose actors are shown as they are decoded.
type eachActor struct {
	see func(*theaterv1.Actor) (keeps bool)
}

// actorsField is the number of ListAllResponse.actors.
var actorsField = (*theaterv1.ListAllResponse)(nil).ProtoReflect().Descriptor().Fields().ByName("actors").Number()

func (e *eachActor) decode(data []byte) error {
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
		}
		data = data[n+size:]
	}
	return nil
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
