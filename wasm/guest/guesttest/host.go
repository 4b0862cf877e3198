package guesttest

import (
	"errors"
	"maps"
	"slices"

	"github.com/theater-go/theater/wasm/pack"
)

// host answers the actor's calls.
func (a *Actor) host(iface, function string, args pack.Value) pack.Value {
	if iface == supervisor {
		return a.supervise(function, args)
	}
	switch iface + "." + function {
	case "theater:simple/runtime.log":
		a.Log = append(a.Log, text(args))
		return pack.Unit
	case "theater:simple/runtime.self":
		return pack.String("the-actor")
	case "theater:simple/runtime.shutdown":
		data, _, _ := args.Option()
		a.effects = append(a.effects, func() { a.Stopped, a.Data = true, text(data) })
		return ok(pack.Unit)
	case "theater:simple/message-server-host.register":
		if a.reachable {
			//lint:ignore ST1005 the host's words
			return fail(errors.New("Already registered"))
		}
		a.reachable = true
		return ok(pack.Unit)
	case "theater:simple/message-server-host.send":
		sent := Message{To: text(args.At(0)), Body: text(args.At(1))}
		a.effects = append(a.effects, func() { a.Sent = append(a.Sent, sent) })
		return ok(pack.Unit)
	case "theater:simple/message-server-host.request":
		return a.request(text(args.At(0)), text(args.At(1)))
	case "theater:simple/message-server-host.respond-to-request":
		id, body := text(args.At(0)), text(args.At(1))
		return a.settle(id, func() { a.Answers[id] = body })
	case "theater:simple/message-server-host.cancel-request":
		return a.settle(text(args), func() {})
	case "theater:simple/message-server-host.list-outstanding-requests":
		var ids []pack.Value
		for _, id := range slices.Sorted(maps.Keys(a.outstanding)) {
			ids = append(ids, pack.String(id))
		}
		return pack.List(pack.TypeString, ids...)
	}
	panic("guesttest: unknown host function " + iface + "." + function)
}

func (a *Actor) request(to, body string) pack.Value {
	if a.Peer == nil {
		return fail(errors.New("Actor not found: " + to))
	}
	answer, err := a.Peer(to, body)
	if err != nil {
		return fail(err)
	}
	return ok(pack.Bytes([]byte(answer)))
}

// settle ends an outstanding request, and adds effect to the turn's.
func (a *Actor) settle(id string, effect func()) pack.Value {
	if !a.outstanding[id] {
		return fail(errors.New("Request ID not found: " + id))
	}
	delete(a.outstanding, id)
	a.effects = append(a.effects, effect)
	return ok(pack.Unit)
}

func ok(v pack.Value) pack.Value { return pack.Ok(pack.TypeString, pack.TypeString, v) }

func fail(err error) pack.Value {
	return pack.Err(pack.TypeString, pack.TypeString, pack.String(err.Error()))
}

// text reads a string or bytes.
func text(v pack.Value) string {
	if s, isString := v.AsString(); isString {
		return s
	}
	b, _ := v.AsBytes()
	return string(b)
}
