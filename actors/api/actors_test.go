package api_test

import (
	"fmt"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func TestAnActorIsSpawnedShownAskedAndStopped(t *testing.T) {
	s := open(t)
	spawned, err := s.Actors.Spawn(s.ctx(), &theaterv1.SpawnRequest{Source: &theaterv1.SpawnRequest_Path{Path: s.folder("echo", echo(), grants)}})
	check(t, err)
	if a := spawned.Actor; a.Path != "/echo" || a.Status != "running" || a.Turns != 1 || a.Fuel == 0 || len(a.Id) != 36 || len(a.Module) != 64 {
		t.Errorf("it is spawned as %v", a)
	}
	answer, err := s.Messages.Request(s.ctx(), &theaterv1.RequestRequest{Target: "/echo", Body: []byte("hello")})
	if err != nil || string(answer.Body) != "hello" {
		t.Errorf("it answers %q, %v", answer.GetBody(), err)
	}
	list, err := s.Actors.List(s.ctx(), &theaterv1.ListRequest{})
	if err != nil || len(list.Actors) != 1 || list.Actors[0].Turns != 2 || list.Total != 1 {
		t.Errorf("the list is %v, %v", list, err)
	}
	seen, err := s.Actors.Inspect(s.ctx(), &theaterv1.InspectRequest{Target: spawned.Actor.Id})
	if err != nil || seen.Actor.Path != "/echo" || seen.Supervision.Restart != "temporary" || len(seen.Grants) != 3 {
		t.Errorf("it is inspected as %v, %v", seen, err)
	}
	stopped, err := s.Actors.Stop(s.ctx(), &theaterv1.StopRequest{Target: "/echo"})
	if err != nil || stopped.Exit.Reason != string(actors.ReasonShutdown) || stopped.Actor.Status != "ended" {
		t.Errorf("it is stopped as %v, %v", stopped, err)
	}
	_, err = s.Actors.Inspect(s.ctx(), &theaterv1.InspectRequest{Target: "/echo"})
	refuses(t, err, api.CodeNoActor, "target")
}

func TestAListIsReadPageByPage(t *testing.T) {
	s := open(t)
	for i := range 7 {
		s.spawn(fmt.Sprintf("a%d", i), echo(), "")
	}
	var paths []string
	request := &theaterv1.ListRequest{PageSize: 3}
	for {
		page, err := s.Actors.List(s.ctx(), request)
		check(t, err)
		for _, a := range page.Actors {
			paths = append(paths, a.Path)
		}
		if request.PageToken = page.NextPageToken; request.PageToken == "" {
			break
		}
		if len(page.Actors) != 3 || page.Total != 7 {
			t.Errorf("a page of %d of %d", len(page.Actors), page.Total)
		}
	}
	if got := fmt.Sprint(paths); got != "[/a0 /a1 /a2 /a3 /a4 /a5 /a6]" {
		t.Errorf("the pages have %s", got)
	}
	_, err := s.Actors.List(s.ctx(), &theaterv1.ListRequest{PageToken: "x"})
	refuses(t, err, api.CodeInvalid, "pageToken")
}
