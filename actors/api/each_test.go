package api_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func TestActorsOneByOneAreThoseOfAList(t *testing.T) {
	s := open(t)
	s.family()
	for _, filter := range []*theaterv1.Filter{nil, {Under: "/top"}, {Path: "*b"}, {Name: "nobody"}} {
		want, err := s.Actors.List(s.ctx(), &theaterv1.ListRequest{Filter: filter})
		check(t, err)
		for _, keeps := range []bool{true, false} {
			var seen, shown []*theaterv1.Actor
			check(t, s.EachActor(s.ctx(), &theaterv1.ListAllRequest{Filter: filter}, func(a *theaterv1.Actor) bool {
				seen, shown = append(seen, a), append(shown, proto.CloneOf(a))
				return keeps
			}))
			if len(shown) != len(want.Actors) {
				t.Fatalf("%d actors are shown, not %d", len(shown), len(want.Actors))
			}
			for i, a := range want.Actors {
				if !proto.Equal(shown[i], a) || keeps && !proto.Equal(seen[i], a) {
					t.Errorf("shown is %v, kept %v, not %v", shown[i], seen[i], a)
				}
				if !keeps && seen[i] != seen[0] {
					t.Error("what is not kept is not used again")
				}
			}
		}
	}
	refuses(t, s.EachActor(s.ctx(), &theaterv1.ListAllRequest{Fields: []string{"pth"}}, nil), api.CodeInvalid, "fields")
	refuses(t, s.EachActor(s.ctx(), &theaterv1.ListAllRequest{Filter: &theaterv1.Filter{Under: "/nobody"}}, nil), api.CodeNoActor, "filter.under")
}

// Many do not fit into one message.
func TestAListOfAllHasNoEnd(t *testing.T) {
	const count = 1234
	s := crowd(t, count)
	var in int
	check(t, s.EachActor(s.ctx(), &theaterv1.ListAllRequest{Fields: []string{"path"}}, func(a *theaterv1.Actor) bool {
		if want := fmt.Sprint("/echo-", in); a.Path != want {
			t.Fatalf("actor %d is %s", in, a.Path)
		}
		in++
		return false
	}))
	if in != count {
		t.Errorf("%d are shown", in)
	}
}

// Lists use the same memory, one after the other.
func TestListsAtTheSameTimeDoNotMix(t *testing.T) {
	s := crowd(t, 700) // more than one message of each
	var all sync.WaitGroup
	for client := range 4 {
		all.Go(func() {
			field := []string{"path", "name", "status", "id"}[client]
			for range 30 {
				seen := 0
				err := s.EachActor(s.ctx(), &theaterv1.ListAllRequest{Fields: []string{field}}, func(a *theaterv1.Actor) bool {
					if shown := []string{a.Path, a.Name, a.Status, a.Id}; shown[client] == "" || len(strings.Join(shown, "")) != len(shown[client]) {
						t.Errorf("with the field %s it is %v", field, a)
					}
					seen++
					return false
				})
				if err != nil || seen != 700 {
					t.Errorf("%d are shown, %v", seen, err)
				}
			}
		})
	}
	all.Wait()
}

func TestActorsThatCannotBeReadAreRefused(t *testing.T) {
	for name, body := range map[string][]byte{
		"a field without a number": {0x00},
		"an actor that is cut off": {0x0a, 0x05, 0x0a},
		"an actor that is no such": {0x0a, 0x02, 0x0a, 0x05},
		"something else cut off":   {0x12, 0x05, 0x0a},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "socket")
			l, err := net.Listen("unix", path)
			check(t, err)
			server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/connect+proto")
				message := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body)))
				end := append([]byte{2, 0, 0, 0, 2}, "{}"...)
				_, _ = w.Write(slices.Concat(message, body, end))
			})}
			go func() { _ = server.Serve(l) }()
			t.Cleanup(func() { server.Close() })
			err = dial(t, api.DialConfig{Address: "unix:" + path}).EachActor(t.Context(), &theaterv1.ListAllRequest{}, func(a *theaterv1.Actor) bool { return false })
			if err == nil {
				t.Error("it is read")
			}
		})
	}
}
