// Package message is the capability to send messages to other actors, to
// request answers from them, and to answer requests. How a message reaches its
// actor and which of its exports handles it is the work of package actors.
package message
