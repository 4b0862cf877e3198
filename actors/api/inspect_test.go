package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// family starts an actor with two children, which their supervisor starts again.
func (s *stage) family() {
	s.t.Helper()
	request := bundle(map[string]string{
		"manifest.toml": strings.Replace(manifestOf("echo.wasm"), "echo", "top", 1) +
			"[supervision]\nmax_restarts = 20\n[[child]]\nid = \"a\"\nmanifest = \"child.toml\"\n[[child]]\nid = \"b\"\nmanifest = \"child.toml\"\nrestart = \"transient\"\nshutdown = \"2s\"\n",
		"child.toml": manifestOf("echo.wasm"),
		"echo.wasm":  string(echo()),
	})
	_, err := s.Actors.Spawn(s.ctx(), request)
	check(s.t, err)
}

func TestAnInspectionShowsAllOfAnActor(t *testing.T) {
	s := open(t)
	s.family()
	for i := range 12 {
		_, err := s.Messages.Request(s.ctx(), &theaterv1.RequestRequest{Target: "/top/b", Body: []byte("!")})
		if err == nil {
			t.Fatal("a trap is no error")
		}
		s.eventually("it has started again", func() bool {
			seen, err := s.Actors.Inspect(s.ctx(), &theaterv1.InspectRequest{Target: "/top/b"})
			return err == nil && seen.Actor.Restarts == int64(i+1) && seen.Actor.Status == "running"
		})
	}
	seen, err := s.Actors.Inspect(s.ctx(), &theaterv1.InspectRequest{Target: "/top/b"})
	check(t, err)
	if a := seen.Actor; a.Parent != "/top" || a.Restarts != 12 || a.LastFailure.GetTrap().GetKind() != "unreachable" || a.Memory == 0 {
		t.Errorf("the actor is %v", a)
	}
	if v := seen.Supervision; v.Supervisor != "/top" || v.Restart != "transient" || v.Shutdown != "2s" || v.Strategy != "one-for-one" || v.OnError != "fail" {
		t.Errorf("the supervision is %v", v)
	}
	if r := seen.Restarts; len(r) != 10 || r[0].Count != 12 || r[9].Count != 3 || r[0].Reason != "trap" || r[0].Detail == "" || r[0].Record <= r[1].Record {
		t.Errorf("the restarts are %v", r)
	}
	if turns := seen.Turns; len(turns) != 10 || turns[0].Status != "ok" || turns[0].Calls != 1 || turns[1].Status != "trap" || turns[1].Cause != "local" ||
		turns[1].Function != "theater:simple/message-server-client.handle-request" || !strings.Contains(turns[1].Text, "unreachable") {
		t.Errorf("the turns are %v", turns)
	}
	if g := seen.Grants; len(g) != 3 || g[1].Handler != "message-server" || !slices.Contains(g[1].Interfaces, "theater:simple/message-server-host") || !strings.Contains(g[1].Policy, "allow") {
		t.Errorf("the grants are %v", g)
	}
	limits := map[string]*theaterv1.Limit{}
	for _, l := range seen.Limits {
		limits[l.Name] = l
	}
	if l := limits["memory"]; l.GetUsed() == 0 || l.Limit != 64<<20 || l.Unit != "bytes" || limits["turn_time"].Used != nil || limits["fuel"].GetUsed() == 0 {
		t.Errorf("the limits are %v", seen.Limits)
	}
	if c := seen.Chain; c.Records < 24 || c.Events < c.Records || len(c.Head) != 64 || c.Updated == nil {
		t.Errorf("the chain is %v", c)
	}
	if !strings.Contains(seen.Manifest, "echo.wasm") || seen.Version != "1" || seen.Folder == "" {
		t.Errorf("the manifest is %q of %q", seen.Manifest, seen.Folder)
	}
	top, err := s.Actors.Inspect(s.ctx(), &theaterv1.InspectRequest{Target: "/top"})
	check(t, err)
	if c := top.Children; len(c) != 2 || c[0].Path != "/top/a" || c[1].Restarts != 12 || top.Actor.Children != 2 {
		t.Errorf("the children are %v", c)
	}
}

func TestAnInspectionShowsTheTurnThatRuns(t *testing.T) {
	s := open(t)
	s.spawn("echo", echo(), spins)
	inspect := func() *theaterv1.InspectResponse {
		seen, err := s.Actors.Inspect(s.ctx(), &theaterv1.InspectRequest{Target: "/echo"})
		check(t, err)
		return seen
	}
	if seen := inspect(); seen.Turn != nil || seen.Actor.BusySince != nil || seen.Actor.Waits {
		t.Errorf("an idle actor runs %v and is %v", seen.Turn, seen.Actor)
	}
	_, err := s.Messages.Send(s.ctx(), &theaterv1.SendRequest{Target: "/echo", Body: []byte("~")})
	check(t, err)
	var seen *theaterv1.InspectResponse
	s.eventually("it is busy", func() bool {
		seen = inspect()
		return seen.Turn != nil
	})
	if turn := seen.Turn; turn.Function != wasmtest.HandleSend || turn.WaitsIn != "" || !turn.Since.AsTime().Equal(seen.Actor.BusySince.AsTime()) || seen.Actor.Waits || seen.Actor.Status != "running" {
		t.Errorf("it runs %v and is %v", turn, seen.Actor)
	}
	list, err := s.Actors.List(s.ctx(), &theaterv1.ListRequest{})
	check(t, err)
	if a := list.Actors[0]; !a.BusySince.AsTime().Equal(seen.Turn.Since.AsTime()) {
		t.Errorf("it is listed as %v", a)
	}
	_, err = s.Actors.Kill(s.ctx(), &theaterv1.KillRequest{Target: "/echo"})
	check(t, err)
}

func TestAListIsFiltered(t *testing.T) {
	s := open(t)
	s.family()
	s.spawn("topmost", echo(), "")
	s.spawn("other", guest(wasmtest.Guest{Init: registers}), "")
	module := ""
	for name, c := range map[string]struct {
		filter *theaterv1.Filter
		want   string
	}{
		"not at all":   {&theaterv1.Filter{}, "[/top /top/a /top/b /topmost /other]"},
		"by place":     {&theaterv1.Filter{Under: "/top"}, "[/top /top/a /top/b]"},
		"by depth":     {&theaterv1.Filter{MaxDepth: 1}, "[/top /topmost /other]"},
		"by both":      {&theaterv1.Filter{Under: "/top", MaxDepth: 1}, "[/top /top/a /top/b]"},
		"by name":      {&theaterv1.Filter{Name: "top*"}, "[/top /topmost]"},
		"by one name":  {&theaterv1.Filter{Name: "?"}, "[/top/a /top/b]"},
		"by path":      {&theaterv1.Filter{Path: "*/a"}, "[/top/a]"},
		"by status":    {&theaterv1.Filter{Statuses: []string{"stopping", "ended"}}, "[]"},
		"by another":   {&theaterv1.Filter{Statuses: []string{"running"}, Name: "other"}, "[/other]"},
		"by restarts":  {&theaterv1.Filter{MinRestarts: 1}, "[]"},
		"by module":    {&theaterv1.Filter{Module: "zz"}, "[]"},
		"by brackets":  {&theaterv1.Filter{Name: "[a-z]*"}, "[]"},
		"by many *":    {&theaterv1.Filter{Path: "*o*p*a*"}, "[/top/a]"},
		"by an ending": {&theaterv1.Filter{Path: "/top/?*"}, "[/top/a /top/b]"},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := s.Actors.List(s.ctx(), &theaterv1.ListRequest{Filter: c.filter})
			check(t, err)
			var paths []string
			for _, a := range list.Actors {
				paths = append(paths, a.Path)
				module = a.Module
			}
			if fmt.Sprint(paths) != c.want || list.Total != uint64(len(paths)) {
				t.Errorf("the list has %d: %s", list.Total, paths)
			}
		})
	}
	if list, err := s.Actors.List(s.ctx(), &theaterv1.ListRequest{Filter: &theaterv1.Filter{Module: strings.ToUpper(module[:12])}}); err != nil || list.Total == 0 {
		t.Errorf("by the beginning of its module there is %v, %v", list, err)
	}
}

func TestAStateAndCountersAreShown(t *testing.T) {
	s := open(t)
	s.spawn("echo", echo(), "")
	s.ask("/echo", "a")
	state, err := s.Actors.GetState(s.ctx(), &theaterv1.GetStateRequest{Target: "/echo"})
	if err != nil || state.State.Literal == "" || len(state.State.Encoded) == 0 || state.Actor.Path != "/echo" {
		t.Errorf("the state is %v, %v", state, err)
	}
	metrics, err := s.Actors.GetMetrics(s.ctx(), &theaterv1.GetMetricsRequest{Target: "/echo"})
	if err != nil || metrics.Actor.Turns != 2 || metrics.Records != 3 || metrics.Events != 6 || metrics.Time == nil {
		t.Errorf("the counters are %v, %v", metrics, err)
	}
	_, err = s.Actors.GetState(s.ctx(), &theaterv1.GetStateRequest{Target: "/none"})
	refuses(t, err, "no_actor", "target")
}
