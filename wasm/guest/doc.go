// Package guest is the SDK for actors written in Go. An actor is a main package
// that registers its handlers in an init function and is built as a wasip1
// reactor:
//
//	type counter struct{ Count uint64 }
//
//	func (c *counter) request(body []byte) ([]byte, error) {
//		c.Count++
//		return strconv.AppendUint(nil, c.Count, 10), nil
//	}
//
//	func init() { message.HandleRequest((*counter).request) }
//
//	func main() {}
//
// The state is any Go type that pack.Marshal takes, the same one in every
// handler. It lives with the host: a handler gets the state as the last turn
// left it, and what it leaves becomes the state if it returns without error.
// Variables of the package are no state: they end with the instance, which a
// failed turn drops. A turn ends when its handler returns; a goroutine that is
// left behind goes on inside later turns, so wait for what you start.
//
// A handler that returns an error, or panics, fails its turn: state and
// messages of that turn are dropped, and its supervisor decides what follows.
// The message of a panic reaches the host.
//
// This package holds what runs when an actor starts, and the functions of
// theater:simple/runtime, which a manifest grants with a [[handler]] of type
// "runtime". Each further interface of a host has its own package below this
// one: a module asks for the grants of those that it links, and no others.
// Package guesttest runs an actor's handlers in an ordinary Go test.
//
// It depends on the standard library and on wasm/pack only, so that the SDK can
// be copied beside a project that has no network. Any actor may import it;
// nothing of the runtime does.
package guest
