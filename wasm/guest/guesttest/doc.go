// Package guesttest runs an actor's handlers in an ordinary Go test, without
// wasm: the test of an actor's main package makes an Actor and drives it.
//
//	func TestCounts(t *testing.T) {
//		actor := guesttest.Start(t, "")
//		if answer, err := actor.Request("increment"); err != nil || answer != "1" {
//			t.Fatalf("increment: %q, %v", answer, err)
//		}
//	}
//
// Every call passes through the encoding that it has on a real host, and a
// turn that fails leaves the state alone and sends nothing. There are no
// limits, no grants, no recording and no clock, and a panic in a handler is a
// panic in the test.
//
// The handlers are those of the test's own package. A test may make several
// actors of it, but tests that do so must not run in parallel. Only tests
// import it.
package guesttest
