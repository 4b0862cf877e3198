package runtime

import "github.com/theater-go/theater/host"

// Interface is the name of the interface that guests import.
const Interface = "theater:simple/runtime"

const pact = `interface runtime {
	@package: string = "theater:simple"
	exports {
		log: func(msg: string)
		self: func() -> string
		shutdown: func(data: option<list<u8>>) -> result<_, string>
	}
}`

// kinds are the functions that are served.
var kinds = map[string]host.Kind{
	"log":      host.Local,
	"self":     host.Local,
	"shutdown": host.Deferred,
}
