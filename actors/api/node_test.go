package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func TestANodeThatRecoversSaysHowFarItIs(t *testing.T) {
	ready := make(chan struct{})
	s := open(t, func(c *api.Config) { c.Ready, c.Limits.ReadyTime = ready, 20*time.Millisecond })
	s.face.recovery = &theaterv1.Recovery{Done: 3, Total: 10}
	s.face.state.Store(int32(theaterv1.NodeState_NODE_STATE_RECOVERING))
	a := s.post(listPath, "{}")
	a.refused(t, http.StatusServiceUnavailable, api.CodeRecovering)
	if !strings.Contains(string(a.body), "3 of 10") || a.info(t).RetryAfter == nil {
		t.Errorf("it says %s", a.body)
	}
	s.post(listPath, "{}", "Connect-Timeout-Ms", "1").refused(t, http.StatusServiceUnavailable, api.CodeRecovering)
	health, err := s.Node.Health(s.ctx(), &theaterv1.HealthRequest{})
	if err != nil || health.Ready || health.State != theaterv1.NodeState_NODE_STATE_RECOVERING {
		t.Errorf("its health is %v, %v", health, err)
	}
	if info, err := s.Node.Info(s.ctx(), &theaterv1.InfoRequest{}); err != nil || info.Recovery.Total != 10 || info.Scope != "admin" || len(info.Handlers) != 3 {
		t.Errorf("its info is %v, %v", info, err)
	}
}

func TestACallWaitsForTheRecovery(t *testing.T) {
	ready := make(chan struct{})
	s := open(t, func(c *api.Config) { c.Ready = ready })
	answered := make(chan error, 1)
	go func() {
		_, err := s.Actors.List(s.ctx(), &theaterv1.ListRequest{})
		answered <- err
	}()
	if _, err := s.Node.Health(s.ctx(), &theaterv1.HealthRequest{}); err != nil { // meanwhile
		t.Error(err)
	}
	select {
	case err := <-answered:
		t.Errorf("it is answered before: %v", err)
	default:
	}
	close(ready)
	check(t, <-answered)
}

func TestANodeThatDrainsTakesNoMoreWork(t *testing.T) {
	s := open(t)
	ref := s.spawn("echo", echo(), spins)
	for _, body := range []string{"~", "a", "b"} {
		_, err := s.Messages.Send(s.ctx(), &theaterv1.SendRequest{Target: "/echo", Body: []byte(body)})
		check(t, err)
	}
	s.eventually("it spins", func() bool {
		i, err := s.node.System.Inspect(ref)
		return err == nil && i.Mailbox == 2
	})
	drained, err := s.Node.Drain(s.ctx(), &theaterv1.DrainRequest{})
	if err != nil || drained.Waiting != 2 {
		t.Errorf("it drains %v, %v", drained, err)
	}
	_, err = s.Messages.Send(s.ctx(), &theaterv1.SendRequest{Target: "/echo"})
	refuses(t, err, api.CodeDraining, "")
	_, err = s.Actors.Spawn(s.ctx(), &theaterv1.SpawnRequest{Source: &theaterv1.SpawnRequest_Path{Path: "/x"}})
	refuses(t, err, api.CodeDraining, "")
	if _, err := s.Actors.Inspect(s.ctx(), &theaterv1.InspectRequest{Target: "/echo"}); err != nil {
		t.Errorf("it does not show its actors: %v", err)
	}
	if _, err := s.Actors.Kill(s.ctx(), &theaterv1.KillRequest{Target: "/echo"}); err != nil {
		t.Errorf("it does not end them: %v", err)
	}
}

func TestANodeThatEndsSaysSo(t *testing.T) {
	s := open(t)
	if _, err := s.Node.Shutdown(s.ctx(), &theaterv1.ShutdownRequest{}); err != nil || <-s.face.shutdown != 0 {
		t.Errorf("the shutdown gives %v", err)
	}
	s.face.state.Store(int32(theaterv1.NodeState_NODE_STATE_STOPPING))
	_, err := s.Actors.List(s.ctx(), &theaterv1.ListRequest{})
	refuses(t, err, api.CodeStopping, "")
	if health, err := s.Node.Health(s.ctx(), &theaterv1.HealthRequest{}); err != nil || health.State != theaterv1.NodeState_NODE_STATE_STOPPING {
		t.Errorf("its health is %v, %v", health, err)
	}
}

func TestANodeThatHasFailedTakesNoWorkAndShowsWhatItHas(t *testing.T) {
	s := open(t)
	s.spawn("echo", echo(), "")
	s.face.detail = "the disk is gone"
	s.face.state.Store(int32(theaterv1.NodeState_NODE_STATE_FAILED))
	_, err := s.Messages.Request(s.ctx(), &theaterv1.RequestRequest{Target: "/echo"})
	if e := refuses(t, err, api.CodeStopping, ""); !strings.Contains(e.Message, "the disk is gone") {
		t.Errorf("it says %q", e.Message)
	}
	if list, err := s.Actors.List(s.ctx(), &theaterv1.ListRequest{}); err != nil || len(list.Actors) != 1 {
		t.Errorf("the list is %v, %v", list, err)
	}
}

func TestWhoWaitsWhenTheServerClosesIsToldThatTheNodeEnds(t *testing.T) {
	s := open(t)
	ref := s.spawn("echo", echo(), spins)
	told := make(chan error, 1)
	go func() {
		_, err := s.Messages.Request(s.ctx(), &theaterv1.RequestRequest{Target: "/echo", Body: []byte("~")})
		told <- err
	}()
	s.eventually("it spins", func() bool {
		i, err := s.node.System.Inspect(ref)
		return err == nil && i.Turns == 1 && s.server.Calls() == 1
	})
	s.server.Close()
	s.server.Close()
	refuses(t, <-told, api.CodeStopping, "")
	_, err := s.node.System.Kill(s.ctx(), ref)
	check(t, err)
}

func TestAServerNeedsItsParts(t *testing.T) {
	if _, err := api.NewServer(api.Config{}); err == nil {
		t.Error("a server without any is made")
	}
}
