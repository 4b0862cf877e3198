package message

import (
	"errors"
	"sync"

	"github.com/theater-go/theater/wasm/guest/internal/abi"
	"github.com/theater-go/theater/wasm/pack"
)

var client = abi.Callbacks(`interface message-server-client {
	@package: string = "theater:simple"
	exports {
		handle-send: func(state: value, msg: list<u8>) -> result<tuple<value>, string>
		handle-request: func(state: value, request-id: string, msg: list<u8>)
			-> result<tuple<value, tuple<option<list<u8>>>>, string>
	}
}`)

var (
	handleSend    = client.Export("handle-send")
	handleRequest = client.Export("handle-request")
)

// registerOnce arranges that the first handler makes the actor reachable.
var registerOnce = sync.OnceFunc(func() { abi.BeforeInit(register) })

// HandleSend registers what receives the messages that need no answer. S is
// the actor's state; body is the handler's to keep.
//
// It is called from an init function of the actor, once.
func HandleSend[S any](handler func(s *S, body []byte) error) {
	registerOnce()
	handleSend.Handle(abi.Typed(func(s *S, args []pack.Value) ([]pack.Value, error) {
		body, err := bodyOf(args, 1)
		if err != nil {
			return nil, err
		}
		return nil, handler(s, body)
	}))
}

// HandleRequest registers what answers requests: the bytes returned are the
// answer. An error fails the turn, and the requester gets an error. S is the
// actor's state; body is the handler's to keep.
//
// It is called from an init function of the actor, once, instead of
// HandleDeferred.
func HandleRequest[S any](handler func(s *S, body []byte) (answer []byte, err error)) {
	onRequest(func(s *S, _ string, body []byte) (pack.Value, error) {
		answer, err := handler(s, body)
		return pack.SomeOf(bytesType, pack.Bytes(answer)), err
	})
}

// HandleDeferred registers what receives requests and answers them when it
// likes, in the same turn or in a later one, by calling Respond with the id.
// Until then the requester waits; keep the id in the state.
//
// It is called from an init function of the actor, once, instead of
// HandleRequest.
func HandleDeferred[S any](handler func(s *S, id string, body []byte) error) {
	onRequest(func(s *S, id string, body []byte) (pack.Value, error) {
		return pack.None(bytesType), handler(s, id, body)
	})
}

func onRequest[S any](handler func(s *S, id string, body []byte) (answer pack.Value, err error)) {
	registerOnce()
	handleRequest.Handle(abi.Typed(func(s *S, args []pack.Value) ([]pack.Value, error) {
		body, err := bodyOf(args, 2)
		if err != nil {
			return nil, err
		}
		id, ok := args[0].AsString()
		if !ok {
			return nil, errBadArguments
		}
		answer, err := handler(s, id, body)
		return []pack.Value{pack.Tuple(answer)}, err
	}))
}

var bytesType = pack.ListOf(pack.TypeU8)

var errBadArguments = errors.New("message: the host passed arguments of the wrong type")

// bodyOf returns the last of n arguments as bytes.
func bodyOf(args []pack.Value, n int) ([]byte, error) {
	if len(args) < n {
		return nil, errBadArguments
	}
	body, ok := args[n-1].AsBytes()
	if !ok {
		return nil, errBadArguments
	}
	return body, nil
}
