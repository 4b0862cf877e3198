package supervisor

import (
	"fmt"

	"github.com/theater-go/theater/wasm/guest/internal/abi"
	"github.com/theater-go/theater/wasm/pack"
)

var parent = abi.Import(`interface supervisor {
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
}`)

// Children lists the ids of this actor's children, oldest first.
func Children() ([]string, error) {
	list, err := parent.Try("list-children", hostChildren)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, list.Len())
	for i := range list.Len() {
		id, _ := list.At(i).AsString()
		ids = append(ids, id)
	}
	return ids, nil
}

// Restart restarts a child that lives and waits for the end of its init, or until
// it goes on with its last state.
func Restart(child string) error {
	_, err := parent.Try("restart-child", hostRestart, pack.String(child))
	return err
}

// Stop stops a child, its own children first, and waits for its end.
func Stop(child string) error {
	_, err := parent.Try("stop-child", hostStop, pack.String(child))
	return err
}

// State reads the state of a child, as its last turn left it, into the value
// that into points to.
func State(child string, into any) error {
	v, err := parent.Try("get-child-state", hostState, pack.String(child))
	if err != nil {
		return err
	}
	if err := pack.Unmarshal(v, into); err != nil {
		return fmt.Errorf("the state of child %s is a %s: %w", child, v.Type(), err)
	}
	return nil
}

// Subscribe has what the child records from now on handed to the handler of
// HandleChildEvent. It begins when the turn has succeeded.
func Subscribe(child string) error {
	_, err := parent.Try("subscribe-to-child", hostSubscribe, pack.String(child))
	return err
}

// Unsubscribe ends that, when the turn has succeeded. What was not delivered by then
// is dropped.
func Unsubscribe(child string) error {
	_, err := parent.Try("unsubscribe-from-child", hostUnsubscribe, pack.String(child))
	return err
}
