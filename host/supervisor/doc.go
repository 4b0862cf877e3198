// Package supervisor is the capability to have children: to spawn and resume
// them, to stop and restart them, to see their state and to follow their
// chains. How children are supervised, and which of the parent's exports hears
// of their ends, is the work of packages supervision and actors.
package supervisor
