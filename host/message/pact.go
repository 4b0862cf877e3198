package message

import "github.com/theater-go/theater/host"

// Interface is the name of the interface that guests import.
const Interface = "theater:simple/message-server-host"

const pact = `interface message-server-host {
	@package: string = "theater:simple"
	exports {
		register: func() -> result<_, string>
		send: func(actor-id: string, msg: list<u8>) -> result<_, string>
		request: func(actor-id: string, msg: list<u8>) -> result<list<u8>, string>
		list-outstanding-requests: func() -> list<string>
		respond-to-request: func(request-id: string, response: list<u8>) -> result<_, string>
		cancel-request: func(request-id: string) -> result<_, string>
		open-channel: func(actor-id: string, initial-msg: list<u8>) -> result<string, string>
		send-on-channel: func(channel-id: string, msg: list<u8>) -> result<_, string>
		close-channel: func(channel-id: string) -> result<_, string>
	}
}`

// kinds are the functions that are served: all but those of channels.
var kinds = map[string]host.Kind{
	"register":                  host.Local,
	"send":                      host.Deferred,
	"request":                   host.Outcall,
	"list-outstanding-requests": host.Local,
	"respond-to-request":        host.Deferred,
	"cancel-request":            host.Deferred,
}
