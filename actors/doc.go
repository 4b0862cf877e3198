// Package actors runs actors: it keeps the tree of names, gives every actor a
// protoactor process with a mailbox of our own, and turns each message into
// one recorded turn of the actor's wasm instance.
//
// The life of a message is: push onto the mailbox (mailbox.go), admission and
// the turn (turn.go), host calls through the recording door (door.go), the
// record handed to the log's committer and the turn's effects released
// (process.go, post.go). Waits of actors for each other enter one graph
// (waits.go). What an operator asks for never goes through the mailbox: it
// reads and sets the control block (control.go).
//
// A program embeds a System; package actors/node puts one together with a log,
// an engine and handlers. protoactor's PIDs and contexts never leave the
// package.
package actors
