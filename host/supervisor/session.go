package supervisor

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/wasm/pack"
)

type session struct {
	actor  host.Actor
	parent Parent
	most   int // children that the grant and every policy above it allow

	follows map[string]bool // children that it is subscribed to, and some that have ended
	room    int             // how many there may be before those are left out
}

// The effects of deferred calls.
type (
	subscribe   struct{ child string }
	unsubscribe struct{ child string }
)

func (s *session) Call(ctx context.Context, c *host.Call) (pack.Value, error) {
	switch c.Function {
	case "spawn", "resume":
		id, err := s.spawn(ctx, c)
		return pack.String(id), err
	case "spawn-and-wait":
		return s.spawnAndWait(ctx, c)
	case "list-children":
		var ids []pack.Value
		for _, id := range s.parent.Children() {
			ids = append(ids, pack.String(id))
		}
		return pack.List(pack.TypeString, ids...), nil
	case "restart-child", "stop-child", "get-child-state", "subscribe-to-child", "unsubscribe-from-child":
		return s.ofChild(ctx, c)
	}
	return pack.Value{}, fmt.Errorf("%s.%s is not served", c.Interface, c.Function)
}

// spawn serves spawn and resume, whose parameters are alike.
func (s *session) spawn(ctx context.Context, c *host.Call) (id string, err error) {
	if n := len(s.parent.Children()); n >= s.most {
		return "", fmt.Errorf("%w: %s has %d children and may have %d: raise max_children of its [[handler]] of type \"supervisor\", and of every [permission_policy] above", host.ErrDenied, s.actor.Path(), n, s.most)
	}
	resumes := c.Function == "resume"
	manifest, _ := c.Args[0].AsString()
	var initial *pack.Value
	if state, present, _ := c.Args[1].Option(); present {
		if resumes {
			if state, err = resumed(state); err != nil {
				return "", err
			}
		}
		initial = &state
	}
	var code []byte
	if module, present, _ := c.Args[2].Option(); present {
		code = []byte(bytes(module))
	}
	return s.parent.SpawnChild(ctx, manifest, initial, code, resumes, c.At)
}

// bytes is what a list<u8> holds.
func bytes(v pack.Value) string { s, _ := v.AsByteString(); return s }

// magic begins every encoded value.
const magic = "CGRF"

// resumed is the state that state-bytes stand for: that of which they are the
// encoding, or else that of an actor which keeps bytes.
func resumed(state pack.Value) (pack.Value, error) {
	raw := bytes(state)
	if !strings.HasPrefix(raw, magic) {
		return pack.SomeOf(pack.ListOf(pack.TypeU8), pack.ByteString(raw)), nil
	}
	v, err := pack.Decode([]byte(raw))
	if err != nil {
		return pack.Value{}, fmt.Errorf("state-bytes begin as an encoded value and are none: %w", err)
	}
	return v, nil
}

// spawnAndWait waits for the child's end for as long as timeout-ms says. A child
// that takes longer is stopped.
func (s *session) spawnAndWait(ctx context.Context, c *host.Call) (pack.Value, error) {
	id, err := s.spawn(ctx, c)
	if err != nil {
		return pack.Value{}, err
	}
	waiting := ctx
	if timeout, present, _ := c.Args[3].Option(); present {
		ms, _ := timeout.AsU64()
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, time.Duration(min(ms, maxTimeout))*time.Millisecond)
		defer cancel()
	}
	data, stopped, err := s.parent.AwaitChild(waiting, id)
	switch {
	case err == nil && stopped:
		//lint:ignore ST1005 the original's words, which guests compare
		return pack.Value{}, fmt.Errorf("Child actor %s was stopped externally", id)
	case err == nil && data == nil:
		return pack.None(pack.ListOf(pack.TypeU8)), nil
	case err == nil:
		return pack.Some(pack.Bytes(data)), nil
	case waiting.Err() != nil && errors.Is(err, waiting.Err()):
		_ = s.parent.StopChild(ctx, id) // it may have ended meanwhile
		//lint:ignore ST1005 the original's words, which guests compare
		return pack.Value{}, fmt.Errorf("Timeout waiting for child actor %s to complete", id)
	}
	//lint:ignore ST1005 the original's words, which guests compare
	return pack.Value{}, fmt.Errorf("Child actor %s failed: %w", id, err)
}

// maxTimeout is in milliseconds: longer than any wait_time, and no overflow.
const maxTimeout = uint64(365 * 24 * time.Hour / time.Millisecond)

// ofChild serves the functions that are about one child.
func (s *session) ofChild(ctx context.Context, c *host.Call) (pack.Value, error) {
	id, _ := c.Args[0].AsString()
	if !s.parent.IsChild(id) {
		return pack.Value{}, fmt.Errorf("%s: %s is not a child of this supervisor", c.Function, id)
	}
	switch c.Function {
	case "restart-child":
		return pack.Unit, s.parent.RestartChild(ctx, id)
	case "stop-child":
		return pack.Unit, s.parent.StopChild(ctx, id)
	case "get-child-state":
		return s.parent.ChildState(ctx, id)
	case "subscribe-to-child":
		c.Defer(subscribe{id})
	case "unsubscribe-from-child":
		c.Defer(unsubscribe{id})
	}
	return pack.Unit, nil
}

func (s *session) Release(effect any, _ host.Event) {
	switch e := effect.(type) {
	case subscribe:
		s.forget()
		_ = s.follow(e.child) // a child that has ended meanwhile has nothing to tell
	case unsubscribe:
		s.parent.UnsubscribeChild(e.child)
		delete(s.follows, e.child)
	}
}

func (s *session) follow(child string) error {
	if err := s.parent.SubscribeChild(child); err != nil {
		return err
	}
	if s.follows == nil {
		s.follows = map[string]bool{}
	}
	s.follows[child] = true
	return nil
}

// forget leaves out the children that have ended, now and then.
func (s *session) forget() {
	if len(s.follows) > s.room {
		maps.DeleteFunc(s.follows, func(child string, _ bool) bool { return !s.parent.IsChild(child) })
		s.room = 2*len(s.follows) + 16
	}
}

func (*session) Close(string) {}

// Restore subscribes the actor again to the children that it followed. One that
// is gone is left out.
func (s *session) Restore(crossings iter.Seq[host.Crossing]) error {
	follows := map[string]bool{}
	for c := range crossings {
		if _, ok, _ := c.Output.Result(); !ok {
			continue
		}
		child, _ := c.Input.AsString()
		switch c.Function {
		case "subscribe-to-child":
			follows[child] = true
		case "unsubscribe-from-child":
			delete(follows, child)
		}
	}
	for _, child := range slices.Sorted(maps.Keys(follows)) {
		if err := s.follow(child); err != nil && s.parent.IsChild(child) {
			return fmt.Errorf("subscribe to child %s: %w", child, err)
		}
	}
	return nil
}

// Standing is the subscriptions. Those to children that have ended do no harm: they
// may have ended because their parent does.
func (s *session) Standing() []host.Crossing {
	var all []host.Crossing
	ok := pack.Ok(pack.TypeString, pack.TypeString, pack.Unit)
	for _, child := range slices.Sorted(maps.Keys(s.follows)) {
		all = append(all, host.Crossing{Interface: Interface, Function: "subscribe-to-child", Input: pack.String(child), Output: ok})
	}
	return all
}
