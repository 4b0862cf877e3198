package supervisor

import "github.com/theater-go/theater/host"

// Interface is the name of the interface that guests import.
const Interface = "theater:simple/supervisor"

const pact = `interface supervisor {
	@package: string = "theater:simple"
	exports {
		spawn: func(manifest: string, init-state: option<value>, wasm-bytes: option<list<u8>>) -> result<string, string>
		spawn-and-wait: func(manifest: string, init-state: option<value>, wasm-bytes: option<list<u8>>, timeout-ms: option<u64>)
			-> result<option<list<u8>>, string>
		resume: func(manifest: string, state-bytes: option<list<u8>>, wasm-bytes: option<list<u8>>) -> result<string, string>
		list-children: func() -> result<list<string>, string>
		restart-child: func(child-id: string) -> result<_, string>
		stop-child: func(child-id: string) -> result<_, string>
		get-child-state: func(child-id: string) -> result<option<list<u8>>, string>
		subscribe-to-child: func(child-id: string) -> result<_, string>
		unsubscribe-from-child: func(child-id: string) -> result<_, string>
	}
}`

// kinds are the functions that are served.
var kinds = map[string]host.Kind{
	"spawn":                  host.Outcall,
	"spawn-and-wait":         host.Outcall,
	"resume":                 host.Outcall,
	"list-children":          host.Local,
	"restart-child":          host.Outcall,
	"stop-child":             host.Outcall,
	"get-child-state":        host.Outcall,
	"subscribe-to-child":     host.Deferred,
	"unsubscribe-from-child": host.Deferred,
}
