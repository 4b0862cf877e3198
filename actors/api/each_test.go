package api_test

import (
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func TestActorsOneByOneAreThoseOfAList(t *testing.T) {
	s := open(t)
	s.family()
	for token, more := "", true; more; {
		request := &theaterv1.ListRequest{PageSize: 2, PageToken: token}
		want, err := s.Actors.List(s.ctx(), request)
		check(t, err)
		for _, keeps := range []bool{true, false} {
			var seen, shown []*theaterv1.Actor
			rest, err := s.EachActor(s.ctx(), request, func(a *theaterv1.Actor) bool {
				seen, shown = append(seen, a), append(shown, proto.CloneOf(a))
				return keeps
			})
			check(t, err)
			if rest.NextPageToken != want.NextPageToken || rest.Total != want.Total || len(rest.Actors) != 0 {
				t.Errorf("beside the actors the answer is %v, not %v", rest, want)
			}
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
		token = want.NextPageToken
		more = token != ""
	}
	_, err := s.EachActor(s.ctx(), &theaterv1.ListRequest{Fields: []string{"pth"}}, nil)
	refuses(t, err, api.CodeInvalid, "fields")
}

func TestActorsThatCannotBeReadAreRefused(t *testing.T) {
	for name, body := range map[string][]byte{
		"a field without a number":   {0x00},
		"an actor that is cut off":   {0x0a, 0x05, 0x0a},
		"an actor that is no such":   {0x0a, 0x02, 0x0a, 0x05},
		"a rest that is none either": {0x12, 0x01, 0xff},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "socket")
			l, err := net.Listen("unix", path)
			check(t, err)
			server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/proto")
				_, _ = w.Write(body)
			})}
			go func() { _ = server.Serve(l) }()
			t.Cleanup(func() { server.Close() })
			_, err = dial(t, api.DialConfig{Address: "unix:" + path}).EachActor(t.Context(), &theaterv1.ListRequest{}, func(a *theaterv1.Actor) bool { return false })
			if err == nil {
				t.Error("it is read")
			}
		})
	}
}
