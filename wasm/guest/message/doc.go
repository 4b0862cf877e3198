// Package message lets an actor talk to others: theater:simple/message-server-host
// and the callbacks of theater:simple/message-server-client. The manifest
// grants both with one [[handler]] of type "message-server".
//
// An actor that registers a handler here can be sent to as soon as it started;
// one that registers none can only send. A message is bytes; what they mean is
// a matter between the two actors.
//
// Channels are no part of it. Any actor may import it.
package message
