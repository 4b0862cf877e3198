// Package sdk carries what a new actor project needs and builds guests: the
// source of the guest SDK, the templates of projects, and the go command that
// makes a module of an actor.
//
// It writes only where it is told to and reads nothing from the network. It is
// for the tools of the runtime: no actor imports it, for it embeds the source
// of all it gathers.
package sdk
