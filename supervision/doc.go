// Package supervision is OTP's supervisor on protoactor: which children a
// supervisor has, in which order they start and stop, which of them start again
// when one ends, after which wait, and when the supervisor itself gives up.
//
// The rules are a state machine without goroutines, clock or I/O (rules.go,
// repair.go, shutdown.go). A Supervisor is the protoactor process that feeds it
// and does what it decides (supervisor.go); it never blocks. What a child is, it
// does not know: it starts and stops a Child. Go has one for plain protoactor
// actors; package actors has one for actors in WebAssembly.
//
// Names and rules are those of OTP's supervisor. Where we differ: the shutdown
// times of one stop run at the same time, a supervisor that gives up has failed
// (a transient one is started again), and a restart may wait.
package supervision
