package api

import (
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/theater-go/theater/actors"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// sheet is what becomes a list of actors, or a part of one. In protobuf, where messages
// that follow one another are one message, each actor is encoded when it is added:
// thousands of them then leave no garbage behind, for which the collector would take the
// time that guests and other calls need.
type sheet struct {
	show   *shower
	actors []*theaterv1.Actor      // that were added, for JSON
	one    *theaterv1.ListResponse // has one actor, again and again; nil for JSON
	bytes  []byte                  // of those that were added, where one is used
	err    error                   // of the first that cannot be encoded
}

// scratches are the bytes of sheets whose answers are encoded.
var scratches = sync.Pool{New: func() any { return new([]byte) }}

// newSheet makes one of the fields of those names; none is all.
func newSheet(json bool, fields []string) (*sheet, error) {
	s := &sheet{show: newShower()}
	if !json {
		s.one = &theaterv1.ListResponse{Actors: []*theaterv1.Actor{{}}}
		s.show.created, s.show.busy = &timestamppb.Timestamp{}, &timestamppb.Timestamp{}
	}
	return s, s.show.only(fields)
}

func (s *sheet) add(i *actors.Info) {
	if s.one == nil {
		s.actors = append(s.actors, s.show.actor(*i))
		return
	}
	if s.bytes == nil {
		s.bytes = *scratches.Get().(*[]byte)
	}
	s.one.Actors[0].Reset()
	s.show.fill(s.one.Actors[0], i)
	if s.err == nil {
		s.bytes, s.err = proto.MarshalOptions{}.MarshalAppend(s.bytes, s.one)
	}
}

// take gives what was added, and the sheet is empty. The actors are the answer's; so are
// the fields that it does not know, which are sent as they are, and which recycle takes
// back.
func (s *sheet) take() ([]*theaterv1.Actor, protoreflect.RawFields, error) {
	all, raw := s.actors, s.bytes
	s.actors, s.bytes = nil, nil
	return all, raw, s.err
}

// recycle takes back the bytes of an answer that has been encoded.
func recycle(answer proto.Message) {
	m := answer.ProtoReflect()
	if bytes := m.GetUnknown()[:0]; cap(bytes) > 0 {
		m.SetUnknown(nil)
		scratches.Put((*[]byte)(&bytes))
	}
}
