// Package supervisor lets an actor have children: theater:simple/supervisor and
// the callbacks of theater:simple/supervisor-handlers. The manifest grants both
// with one [[handler]] of type "supervisor".
//
// A child is named by its id. What restarts it when it fails is the supervision
// that the parent's manifest describes; the handlers here only tell the parent
// about it. Each is optional: of what an actor does not handle it is not told. A
// handler that fails fails the parent, as every turn does.
//
// Children that the manifest declares are started by the runtime and are
// children like the others. Any actor may import it.
package supervisor
