// Package replay executes an actor's recorded turns and restarts again on a
// fresh machine, with no handler running: what the guest asks of the world is
// answered from the chain. What the guest computes must be what was recorded.
//
// It writes nothing and starts nothing. Package actors uses it to resume an
// actor.
package replay
