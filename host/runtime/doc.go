// Package runtime is the capability of every actor to speak of itself: to log,
// to learn its id, and to end with a result.
package runtime
