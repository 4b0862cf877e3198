// Package supervision is OTP's supervisor on protoactor: which children a
// supervisor has, in which order they start and stop, which of them start again
// when one ends, after which wait, and when the supervisor itself gives up.
//
// The rules are a state machine without goroutines, clock or I/O: rules.go, with
// boot.go, decide.go, repair.go, requests.go, shutdown.go and times.go. A
// Supervisor is the protoactor process that feeds it (supervisor.go) and does what
// it decides (hands.go); it never blocks. What a child is, it does not know: it
// starts and stops a Child. Go is one for plain protoactor actors, Subtree one
// for supervisors; package actors has one for actors in WebAssembly.
//
// Names and rules are those of OTP's supervisor. Where we differ: the shutdown
// times of one stop all run from its beginning, a supervisor that gives up has
// failed (a transient one is started again), a restart may wait, and a child that
// runs may be restarted on request.
package supervision
