package message

import (
	"github.com/theater-go/theater/wasm/guest/internal/abi"
	"github.com/theater-go/theater/wasm/pack"
)

var server = abi.Import(`interface message-server-host {
	@package: string = "theater:simple"
	exports {
		register: func() -> result<_, string>
		send: func(actor-id: string, msg: list<u8>) -> result<_, string>
		request: func(actor-id: string, msg: list<u8>) -> result<list<u8>, string>
		list-outstanding-requests: func() -> list<string>
		respond-to-request: func(request-id: string, response: list<u8>) -> result<_, string>
		cancel-request: func(request-id: string) -> result<_, string>
	}
}`)

// Send sends body to the actor to, an id or a path such as "/shop/cart". It
// does not wait: the message leaves when the turn has succeeded.
func Send(to string, body []byte) error {
	_, err := server.Try("send", hostSend, pack.String(to), pack.Bytes(body))
	return err
}

// Request sends body to the actor to and waits for its answer. It fails when
// the other fails, stops or takes too long, and at once when the other is
// already waiting for this actor.
func Request(to string, body []byte) ([]byte, error) {
	answer, err := server.Try("request", hostRequest, pack.String(to), pack.Bytes(body))
	if err != nil {
		return nil, err
	}
	b, ok := answer.AsBytes()
	if !ok {
		panic("message: a request was answered with a " + answer.Type().String())
	}
	return b, nil
}

// Respond answers the request id, which a handler of HandleDeferred was given.
// The answer leaves when the turn has succeeded. A request is answered once.
func Respond(id string, body []byte) error {
	_, err := server.Try("respond-to-request", hostRespond, pack.String(id), pack.Bytes(body))
	return err
}

// Cancel gives up the request id: the requester gets an error.
func Cancel(id string) error {
	_, err := server.Try("cancel-request", hostCancel, pack.String(id))
	return err
}

// Outstanding lists the ids of the requests that this actor has not answered.
func Outstanding() []string {
	list := server.Call("list-outstanding-requests", hostOutstanding)
	ids := make([]string, 0, list.Len())
	for i := range list.Len() {
		id, _ := list.At(i).AsString()
		ids = append(ids, id)
	}
	return ids
}

// register asks the host to deliver messages to this actor.
func register() error {
	_, err := server.Try("register", hostRegister)
	return err
}
