// Package api is the management API of a node: the services of proto/theater/v1
// over HTTP, for a System of actors, and a client for them.
//
// The server holds back what is not allowed: who calls is known by the socket or
// a token, what is called needs a scope, and every request is bounded in size,
// rate and time. The client finds a node by its address, and reads its chains as
// a chain.Reader.
package api
