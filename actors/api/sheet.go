package api

import (
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/theater-go/theater/actors"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// sheet is what becomes a page of a list. In protobuf, where messages that follow one
// another are one message, each actor is encoded when it is added: thousands of them
// then leave no garbage behind, for which the collector would take the time that guests
// and other calls need.
type sheet struct {
	show  *shower
	page  *theaterv1.ListResponse
	one   *theaterv1.ListResponse // has one actor, again and again; nil for JSON
	bytes *[]byte                 // of those that were added, where one is used
	err   error                   // of the first that cannot be encoded
}

// scratches are the bytes of sheets whose answers are encoded.
var scratches = sync.Pool{New: func() any { return new([]byte) }}

// newSheet makes one of the fields of those names; none is all. It is done with answer.
func newSheet(json bool, fields []string) (*sheet, error) {
	s := &sheet{show: newShower(), page: &theaterv1.ListResponse{}, bytes: scratches.Get().(*[]byte)}
	if !json {
		s.one = &theaterv1.ListResponse{Actors: []*theaterv1.Actor{{}}}
		s.show.created, s.show.busy = &timestamppb.Timestamp{}, &timestamppb.Timestamp{}
	}
	return s, s.show.only(fields)
}

func (s *sheet) add(i *actors.Info) {
	if s.one == nil {
		s.page.Actors = append(s.page.Actors, s.show.actor(*i))
		return
	}
	proto.Reset(s.one.Actors[0])
	s.show.fill(s.one.Actors[0], i)
	if s.err == nil {
		*s.bytes, s.err = proto.MarshalOptions{}.MarshalAppend(*s.bytes, s.one)
	}
}

// answer is the page. Its fields that are not known, which are sent as they are, belong
// to it until recycle.
func (s *sheet) answer() (*theaterv1.ListResponse, error) {
	s.page.ProtoReflect().SetUnknown(*s.bytes)
	return s.page, s.err
}

// recycle takes back the bytes of an answer that has been encoded.
func recycle(answer *theaterv1.ListResponse) {
	m := answer.ProtoReflect()
	bytes := m.GetUnknown()[:0]
	m.SetUnknown(nil)
	scratches.Put((*[]byte)(&bytes))
}
