// Package replay executes an actor's recorded turns and restarts again on a
// fresh machine, with no handler running: what the guest asks of the world is
// answered from the chain. What the guest computes must be what was recorded.
//
// Run executes a step and is how package actors resumes an actor. Verify executes
// a whole chain, by the module that it is of or by another one, and recomputes its
// hashes. It writes nothing and starts nothing.
package replay
