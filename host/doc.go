// Package host is what a guest can reach outside its sandbox: it defines
// handlers, which each offer one capability, and checks that a module is given
// no more than its manifest grants.
//
// A Handler declares Pact interfaces and the kind of each of their functions.
// For every actor that is granted it, it opens a Session that answers the
// actor's calls. The sub-packages hold one handler each, all with the same
// inner shape: config.go, pact.go, handler.go, session.go.
//
// The package records nothing and schedules nothing: calls reach it through the
// recording door of package actors.
package host
