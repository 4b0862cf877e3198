package api_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func TestEveryCallIsToldOfWithItsCode(t *testing.T) {
	var mu sync.Mutex
	told := map[string]int{}
	s := open(t, func(c *api.Config) {
		c.Answered = func(a api.Answered) {
			mu.Lock()
			defer mu.Unlock()
			if told[a.Method+" "+a.Code]++; a.Took < 0 || a.Stream != strings.HasSuffix(a.Method, "/Events") {
				t.Errorf("it is told %+v", a)
			}
		}
	})
	_, err := s.Node.Health(t.Context(), &theaterv1.HealthRequest{})
	check(t, err)
	if _, err := s.Actors.Inspect(t.Context(), &theaterv1.InspectRequest{Target: "/nobody"}); err == nil {
		t.Error("nobody is inspected")
	}
	stream, err := s.Chain.Events(t.Context(), &theaterv1.EventsRequest{})
	if err == nil {
		for stream.Receive() {
		}
		stream.Close()
	}
	for _, path := range []string{"/theater.v1.ActorService/Made-up-1", "/theater.v1.ActorService/Made-up-2"} {
		s.post(path, "{}")
	}
	s.eventually("all are told", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return told["theater.v1.NodeService/Health ok"] == 1 && told["theater.v1.ActorService/Inspect no_actor"] == 1 && told["unknown no_method"] == 2 && len(told) == 4
	})
}
