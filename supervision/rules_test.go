package supervision_test

import (
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/supervision"
)

// rule is a rule of OTP's supervisor, or of ours where it says so: what becomes
// of a tree by some commands.
type rule struct {
	name    string
	plan    string
	bad     string // commands of that kind, for the first starts
	do      string
	log     string // what the workers did; after the first start, if it succeeded
	left    string // the children then
	over    string // the verdict on a supervisor that has ended
	answers string // to the requests, and to the first start if it failed
	pure    bool   // it cannot be seen on real processes
}

var rules = []rule{
	// Restart types.
	{name: "a permanent child is always restarted: it failed", plan: "a b", do: "fail a", log: "-a +a", left: "a#1 b"},
	{name: "a permanent child is always restarted: it ended in order", plan: "a b", do: "exit a", log: "-a +a", left: "a#1 b"},
	{name: "a permanent child is always restarted: it shut itself down", plan: "a b", do: "exit a shutdown", log: "-a +a", left: "a#1 b"},
	{name: "a transient child is restarted only if it terminates abnormally: it failed", plan: "a:transient b", do: "fail a", log: "-a +a", left: "a#1 b"},
	{name: "a transient child is restarted only if it terminates abnormally: it was killed", plan: "a:transient b", do: "fail a killed", log: "-a +a", left: "a#1 b"},
	{name: "a transient child is restarted only if it terminates abnormally: it ended in order", plan: "a:transient b", do: "exit a", log: "-a", left: "a:ended b"},
	{name: "a transient child is restarted only if it terminates abnormally: it shut itself down", plan: "a:transient b", do: "exit a shutdown", log: "-a", left: "a:ended b"},
	{name: "a temporary child is never restarted: it failed", plan: "a:temporary b", do: "fail a", log: "-a", left: "b"},
	{name: "a temporary child is never restarted: it ended in order", plan: "a:temporary b", do: "exit a", log: "-a", left: "b"},
	{name: "a temporary child is never restarted, even when one_for_all has terminated it", plan: "one-for-all | a b:temporary c", do: "fail a", log: "-a -c -b +a +c", left: "a#1 c#1"},
	{name: "a temporary child is never restarted, even when rest_for_one has terminated it", plan: "rest-for-one | a b:temporary c", do: "fail a", log: "-a -c -b +a +c", left: "a#1 c#1"},
	{name: "ours: an actor that cannot go on here is not restarted, whatever its type", plan: "one-for-all | a b", do: "fail a interrupted; fail b", log: "-a -b +b", left: "a:ended b#1"},

	// Strategies.
	{name: "one_for_one: only the child that terminated is affected", plan: "a b c", do: "fail b", log: "-b +b", left: "a b#1 c"},
	{name: "one_for_all: all other children are terminated, and then all restarted", plan: "one-for-all | a b c", do: "fail b", log: "-b -c -a +a +b +c", left: "a#1 b#1 c#1"},
	{name: "rest_for_one: the children after it in the start order are terminated, and then it and they restarted", plan: "rest-for-one | a b c d", do: "fail b", log: "-b -d -c +b +c +d", left: "a b#1 c#1 d#1"},
	{name: "rest_for_one: nothing is after the last child", plan: "rest-for-one | a b c", do: "fail c", log: "-c +c", left: "a b c#1"},
	{name: "one_for_all starts a transient child again that had ended in order", plan: "one-for-all | a:transient b", do: "exit a; fail b", log: "-a -b +a +b", left: "a#1 b#1"},
	{name: "rest_for_one starts a child again that had been terminated", plan: "rest-for-one | a b", do: "terminate b; fail a", log: "-b -a +a +b", left: "a#1 b#1", answers: "ok"},
	{name: "a child that is not restarted takes nobody with it", plan: "one-for-all | a:temporary b:transient c", do: "fail a; exit b", log: "-a -b", left: "b:ended c"},
	{name: "a child that terminates while its fellows are terminated counts as one of them", plan: "one-for-all max=1 | a b c", do: "fail c & fail a", log: "-c -a -b +a +b +c", left: "a#1 b#1 c#1", pure: true},
	{name: "a child that becomes ready while those after it stop stops in its turn", plan: "rest-for-one | a", do: "add b:slow; add c:deaf; fail a; ready b; advance 1s; ready b", log: "+b +c -a ~c -c -b +a +b +c", left: "a#1 b#1 c#1", answers: "ok; ok", pure: true},
	{name: "a child added later is after the others in the start order", plan: "rest-for-one | a b", do: "add c; fail b", log: "+c -b -c +b +c", left: "a b#1 c#1", answers: "ok"},
	{name: "ours: a strategy of one's own says who is affected", plan: "next | a b c", do: "fail a", log: "-a -b +a +b", left: "a#1 b#1 c"},

	// Intensity.
	{name: "MaxR restarts within MaxT are allowed", plan: "max=2 | a b", do: "fail a; fail a", log: "-a +a -a +a", left: "a#2 b"},
	{name: "if more than MaxR restarts occur within MaxT, the supervisor terminates all children and then itself", plan: "max=2 | a b c", do: "fail b; fail b; fail b", log: "-b +b -b +b -b -c -a", over: "children b:error"},
	{name: "a restart exactly MaxT ago counts", plan: "max=1 | a", do: "fail a; advance 5s; fail a", log: "-a +a -a", over: "children a:error"},
	{name: "a restart longer ago than MaxT does not count", plan: "max=1 | a", do: "fail a; advance 5001ms; fail a", log: "-a +a -a +a", left: "a#2"},
	{name: "the period slides: only the restarts within it count", plan: "max=2 | a", do: "fail a; advance 3s; fail a; advance 3s; fail a; fail a", log: "-a +a -a +a -a +a -a", over: "children a:error"},
	{name: "if MaxR is 0 the first restart ends the supervisor", plan: "max=0 | a b", do: "fail a", log: "-a -b", over: "children a:error"},
	{name: "the restarts of all children count together", plan: "max=1 | a b", do: "fail a; fail b", log: "-a +a -b -a", over: "children b:error"},
	{name: "the restart of a group counts once", plan: "one-for-all max=1 | a b c", do: "fail a", log: "-a -c -b +a +b +c", left: "a#1 b#1 c#1"},
	{name: "the restart of a permanent child that ended in order counts", plan: "max=0 | a", do: "exit a", log: "-a", over: "children a:normal"},
	{name: "an end without a restart does not count", plan: "max=0 | a:temporary b:transient c", do: "fail a; exit b", log: "-a -b", left: "b:ended c"},
	{name: "a restart that does not start is tried again and counts again", plan: "max=3 | a b", do: "bad a 2; fail a", log: "-a +a -a +a -a +a", left: "a#3 b"},
	{name: "restarts that never start end the supervisor", plan: "max=2 | a b", do: "bad a 9; fail a", log: "-a +a -a +a -a -b", over: "children a:init-failed"},
	{name: "restart_child does not count", plan: "max=0 | a b", do: "restart a", log: "-a +a", left: "a#1 b", answers: "ok"},
	{name: "ours: with period 0 all restarts count", plan: "max=1 period=0s | a", do: "fail a; advance 24h; fail a", log: "-a +a -a", over: "children a:error"},

	// Backoff, which is ours.
	{name: "ours: a restart waits for the initial time", plan: "initial=1s | a b", do: "fail a; advance 999ms", log: "-a", left: "a:waiting b"},
	{name: "ours: and then starts", plan: "initial=1s | a b", do: "fail a; advance 1s", log: "-a +a", left: "a#1 b"},
	{name: "ours: each further wait is longer by the factor", plan: "initial=1s | a", do: "fail a; advance 1s; fail a; advance 1999ms", log: "-a +a -a", left: "a:waiting#1"},
	{name: "ours: no wait is longer than the cap", plan: "initial=1s cap=1500ms max=9 | a", do: "fail a; advance 1s; fail a; advance 1500ms; fail a; advance 1500ms", log: "-a +a -a +a -a +a", left: "a#3"},
	{name: "ours: a child that has run for the reset time begins with the initial wait", plan: "initial=1s reset=10s | a", do: "fail a; advance 1s; advance 10s; fail a; advance 1s", log: "-a +a -a +a", left: "a#2"},
	{name: "ours: one that has run for less does not", plan: "initial=1s reset=10s | a", do: "fail a; advance 1s; advance 9999ms; fail a; advance 1s", log: "-a +a -a", left: "a:waiting#1"},
	{name: "ours: a restart that does not start waits longer", plan: "initial=1s | a", do: "bad a 1; fail a; advance 1s; advance 1999ms", log: "-a +a -a", left: "a:waiting#1"},
	{name: "ours: the waits of children do not add up", plan: "initial=1s | a b", do: "fail a; fail b; advance 1s", log: "-a -b +a +b", left: "a#1 b#1"},
	{name: "ours: a group stops at once and waits together", plan: "one-for-all initial=1s | a b c", do: "fail b; advance 1s", log: "-b -c -a +a +b +c", left: "a#1 b#1 c#1"},
	{name: "ours: groups that meet wait for the longer time", plan: "rest-for-one initial=1s | a b", do: "fail b; advance 1s; fail b; fail a; advance 1s; advance 1s", log: "-b +b -b -a +a +b", left: "a#1 b#2"},
	{name: "ours: restart_child ends the wait, of the whole group", plan: "one-for-all initial=1s | a b", do: "fail a; restart b", log: "-a -b +a +b", left: "a#1 b#1", answers: "ok"},
	{name: "terminate_child ends the restarting of a child", plan: "initial=1s | a b", do: "fail a; terminate a; advance 1h", log: "-a", left: "a:ended b", answers: "ok"},
	{name: "ours: and its fellows start without it", plan: "one-for-all initial=1s | a b c", do: "fail a; terminate a; advance 1s", log: "-a -c -b +b +c", left: "a:ended b#1 c#1", answers: "ok"},
	{name: "a supervisor that is stopped waits for no restart", plan: "one-for-all initial=1h | a b", do: "fail a; stop", log: "-a -b", over: "shutdown"},
	{name: "a child can be added while another one waits", plan: "initial=1s | a", do: "fail a; add b; advance 1s", log: "-a +b +a", left: "a#1 b", answers: "ok"},

	// Automatic shutdown.
	{name: "any_significant: a significant transient child that terminates normally shuts the supervisor down", plan: "auto=any | a b:transient,significant c", do: "exit b", log: "-b -c -a", over: "shutdown"},
	{name: "any_significant: a significant transient child that terminates abnormally is restarted", plan: "auto=any | a b:transient,significant", do: "fail b", log: "-b +b", left: "a b#1"},
	{name: "any_significant: a significant temporary child that terminates abnormally shuts the supervisor down", plan: "auto=any | a b:temporary,significant", do: "fail b", log: "-b -a", over: "shutdown"},
	{name: "any_significant: other children shut nothing down", plan: "auto=any | a:transient b:temporary,significant", do: "exit a", log: "-a", left: "a:ended b"},
	{name: "all_significant: the supervisor shuts down when the last active significant child terminates", plan: "auto=all | a b:temporary,significant c:transient,significant", do: "fail b; exit c", log: "-b -c -a", over: "shutdown"},
	{name: "all_significant: it does not while another one is active", plan: "auto=all | a:transient,significant b:transient,significant", do: "exit a", log: "-a", left: "a:ended b"},
	{name: "all_significant: one that is about to be restarted is active", plan: "auto=all initial=1s | a:transient,significant b:transient,significant", do: "fail a; exit b; advance 1s", log: "-a -b +a", left: "a#1 b:ended"},
	{name: "a significant child that terminate_child has ended shuts nothing down", plan: "auto=any | a b:transient,significant", do: "terminate b", log: "-b", left: "a b:ended", answers: "ok"},
	{name: "all_significant: but it is not active any more", plan: "auto=all | a:transient,significant b:transient,significant", do: "terminate b; exit a", log: "-b -a", over: "shutdown", answers: "ok"},
	{name: "a significant child that a sibling's death has terminated shuts nothing down", plan: "one-for-all auto=any | a b:temporary,significant", do: "fail a", log: "-a -b +a", left: "a#1"},
	{name: "a child that is added may be significant", plan: "auto=any | a", do: "add b:temporary,significant; exit b", log: "+b -b -a", over: "shutdown", answers: "ok"},
	{name: "an automatic shutdown is a normal end: a permanent supervisor is restarted", plan: "S(auto=any | x y:temporary,significant) b", do: "exit S/y", log: "-S/y -S/x +S/x +S/y", left: "S(x y)#1 b"},
	{name: "an automatic shutdown is a normal end: a transient supervisor is not restarted", plan: "S(auto=any | x y:temporary,significant):transient b", do: "fail S/y", log: "-S/y -S/x", left: "S:ended b"},
	{name: "an automatic shutdown goes up where the supervisor is significant", plan: "auto=any | a S(auto=any | x y:temporary,significant):transient,significant", do: "fail S/y", log: "-S/y -S/x -a", over: "shutdown"},

	// Shutdown.
	{name: "children are terminated in reversed start order", plan: "a b c", do: "stop", log: "-c -b -a", over: "shutdown"},
	{name: "reversed start order goes through the supervisors below", plan: "a S(x y) b", do: "stop", log: "-b -S/y -S/x -a", over: "shutdown"},
	{name: "a child that has ended is not terminated", plan: "a b:transient c", do: "exit b; stop", log: "-b -c -a", over: "shutdown"},
	{name: "a child that does not end has its shutdown time", plan: "a b:deaf,2s", do: "stop; advance 1999ms", log: "~b", left: "a b:stopping"},
	{name: "after its shutdown time it is killed", plan: "a b:deaf,2s", do: "stop; advance 2s", log: "~b -b -a", over: "shutdown"},
	{name: "brutal_kill gives no time", plan: "a b:deaf,brutal", do: "stop", log: "~b -b -a", over: "shutdown"},
	{name: "infinity gives all the time", plan: "a b:deaf,infinity", do: "stop; advance 1000h", log: "~b", left: "a b:stopping"},
	{name: "ours: the times of one stop run from its beginning", plan: "a:deaf,2s b:deaf,2s", do: "stop; advance 2s", log: "~b -b ~a -a", over: "shutdown"},
	{name: "ours: a tree in which everything spins ends within its longest time", plan: "a:spins,3s S(x:spins,500ms y:spins,2s) b:spins,1s", do: "stop; advance 3s", log: "~b -S/x -b ~S/y -S/y ~a -a", over: "shutdown", pure: true},
	{name: "ours: nothing starts again below a supervisor that is about to be stopped", plan: "S(x:spins,1s y) b:spins,2s", do: "stop; advance 2s", log: "~b -S/x -b -S/y", over: "shutdown", pure: true},
	{name: "a supervisor whose own shutdown time is over is killed with all below", plan: "S(x:deaf,infinity y):2s", do: "stop; advance 2s", log: "-S/y ~S/x -S/x", over: "shutdown"},
	{name: "ours: a stop without time", plan: "a:deaf,infinity S(x:deaf,1h)", do: "stop cut", log: "~S/x -S/x ~a -a", over: "shutdown"},
	{name: "terminate_child observes the shutdown time", plan: "a:deaf,2s b", do: "terminate a; advance 2s", log: "~a -a", left: "a:ended b", answers: "ok"},
	{name: "a group that is restarted observes the shutdown times", plan: "one-for-all | a:deaf,1s b:deaf,2s c", do: "fail c; advance 2s", log: "-c ~b -b ~a -a +a +b +c", left: "a#1 b#1 c#1"},
	{name: "a child that terminates while the supervisor terminates is not restarted", plan: "a b:deaf,2s", do: "stop; fail a; advance 2s", log: "~b -a -b", over: "shutdown"},

	// Starts that fail.
	{name: "children are started from left to right, each after the one before", plan: "a b:slow c:slow", bad: "bad a 1", do: "", log: "+a -a", over: "init-failed a:init-failed", answers: "a did not start"},
	{name: "if a first child does not start, those that have are terminated and the supervisor ends", plan: "a b c d", bad: "bad c 1", log: "+a +b +c -c -b -a", over: "init-failed c:init-failed", answers: "c did not start"},
	{name: "a first child that ends before it is ready has not started, even in order", plan: "a b:temporary", bad: "bad b 1 normal", log: "+a +b -b -a", over: "init-failed b:normal", answers: "b did not start"},
	{name: "a supervisor whose first child does not start has not started", plan: "a S(x y)", bad: "bad S/y 1", log: "+a +S/x +S/y -S/y -S/x -a", over: "init-failed S:init-failed y:init-failed", answers: "S did not start"},
	{name: "if an added child does not start, its spec is discarded and the caller told", plan: "max=0 | a", bad: "", do: "bad b 1; add b; add b", log: "+b -b +b", left: "a b", answers: "b did not start; ok"},
	{name: "a restart that ends before it is ready has not started, even in order", plan: "a:transient b", do: "bad a 1 normal; fail a", log: "-a +a -a +a", left: "a#2 b"},
	{name: "one_for_all: when a child of the group does not start, all begin anew", plan: "one-for-all | a b c", do: "bad b 1; fail c", log: "-c -b -a +a +b -b -a +a +b +c", left: "a#2 b#2 c#1"},
	{name: "rest_for_one: when a child of the group does not start, it goes on from there", plan: "rest-for-one | a b c", do: "bad b 1; fail a", log: "-a -c -b +a +b -b +b +c", left: "a#1 b#2 c#1"},
	{name: "a supervisor's restart whose first child does not start is tried again", plan: "S(max=0 | x) b", do: "bad S/x 1; fail S/x", log: "-S/x +S/x -S/x +S/x", left: "S(x)#2 b"},
	{name: "a child that ends while others are still to begin is decided on after them", plan: "a b:slow c", do: "fail a; ready b", log: "+a +b -a +c +a", left: "a#1 b c", answers: "ok", pure: true},
	{name: "ours: further children boot like the first ones", plan: "a b", do: "bad d 1; boot c d e", log: "+c +d -d -c -b -a", over: "init-failed d:init-failed", answers: "d did not start"},

	// Requests.
	{name: "terminate_child: the child is terminated and its spec kept", plan: "a b", do: "terminate a", log: "-a", left: "a:ended b", answers: "ok"},
	{name: "terminate_child: the spec of a temporary child is deleted", plan: "a:temporary b", do: "terminate a", log: "-a", left: "b", answers: "ok"},
	{name: "terminate_child: there must be such a child", plan: "a", do: "terminate b", left: "a", answers: "no such child"},
	{name: "terminate_child: a child that has ended may be terminated", plan: "a", do: "terminate a; terminate a", log: "-a", left: "a:ended", answers: "ok; ok"},
	{name: "restart_child: a child that was terminated can be restarted", plan: "a b", do: "terminate a; restart a", log: "-a +a", left: "a#1 b", answers: "ok; ok"},
	{name: "restart_child: there must be such a child", plan: "a", do: "restart b", left: "a", answers: "no such child"},
	{name: "restart_child: a start that fails is told, and the child stays as it is", plan: "max=0 | a b", do: "terminate a; bad a 1; restart a; restart a", log: "-a +a -a +a", left: "a#2 b", answers: "ok; a did not start; ok"},
	{name: "ours: restart_child of a child that runs stops it first, even a temporary one", plan: "one-for-all max=0 | a:temporary b", do: "restart a", log: "-a +a", left: "a#1 b", answers: "ok"},
	{name: "ours: if it does not start then, that is told and it is restarted like any other", plan: "max=1 | a b", do: "bad a 1; restart a", log: "-a +a -a +a", left: "a#2 b", answers: "a did not start"},
	{name: "restart_child: a child that starts is busy", plan: "a", do: "add b:slow & restart b", log: "+b", left: "a b:starting", answers: "the child is starting or stopping", pure: true},
	{name: "delete_child: the spec of a child that was terminated is deleted", plan: "a b", do: "terminate a; forget a; restart a", log: "-a", left: "b", answers: "ok; ok; no such child"},
	{name: "delete_child: the child must not be running", plan: "a", do: "forget a", left: "a", answers: "the child is running"},
	{name: "delete_child: the child must not be about to be restarted", plan: "initial=1s | a", do: "fail a; forget a", log: "-a", left: "a:waiting", answers: "the child is starting or stopping"},
	{name: "delete_child: there must be such a child", plan: "a", do: "forget b", left: "a", answers: "no such child"},
	{name: "start_child: the id of a child that runs is taken", plan: "a", do: "add a", left: "a", answers: "there is a child of that id"},
	{name: "start_child: the id of a child that has ended is taken", plan: "a", do: "terminate a; add a", log: "-a", left: "a:ended", answers: "ok; there is a child of that id"},
	{name: "start_child: the id of a deleted child is free", plan: "a b", do: "terminate a; forget a; add a", log: "-a +a", left: "b a", answers: "ok; ok; ok"},
	{name: "duplicate ids among the first children are an error, and nothing starts", plan: "a b a", over: "init-failed", answers: "there is a child of that id"},
	{name: "a significant child is invalid where auto_shutdown is never", plan: "a", do: "add b:transient,significant", left: "a", answers: "refused"},
	{name: "a significant child is invalid if it is permanent", plan: "auto=any | a b:significant", over: "init-failed", answers: "refused"},
	{name: "simple_one_for_one: the spec of a dynamic child goes with it", plan: "", do: "add a:dynamic; add b:dynamic,transient; exit b; terminate a", log: "+a +b -b -a", left: "", answers: "ok; ok; ok"},
	{name: "simple_one_for_one: a dynamic child is restarted alone", plan: "a:dynamic b:dynamic,transient c:dynamic,temporary", do: "fail a; fail b; fail c", log: "-a +a -b +b -c", left: "a#1 b#1"},
	{name: "a supervisor that terminates takes no requests", plan: "a:deaf,1s", do: "stop; add b; restart a; advance 1s", log: "~a -a", over: "shutdown", answers: "the supervisor is stopping; the supervisor is stopping"},
	{name: "ours: a child may be terminated before it is ready", plan: "a", do: "add b:slow; terminate b", log: "+b -b", left: "a", answers: "ok; the child was stopped before it was ready", pure: true},
	{name: "ours: a first child that is terminated before it is ready does not keep the others", plan: "a b:slow c", do: "terminate b", log: "+a +b -b +c", left: "a b:ended c", answers: "ok; ok", pure: true},
	{name: "ours: nor does one whose turn has not come", plan: "a:slow b c", do: "terminate b; terminate c; ready a", log: "+a", left: "a b:ended c:ended", answers: "ok; ok; ok", pure: true},
	{name: "ours: a child that is added while the first ones start does not wait, and concerns nobody", plan: "a:slow b", do: "add c; bad d 1; add d; ready a", log: "+a +c +d -d +b", left: "a b c", answers: "ok; d did not start; ok", pure: true},
	{name: "ours: a child whose turn to be stopped comes may be terminated meanwhile", plan: "one-for-all | a b:deaf,1s c", do: "fail c; terminate b; advance 1s", log: "-c ~b -b -a +a +c", left: "a#1 b:ended c#1", answers: "ok"},

	// Escalation.
	{name: "the next higher supervisor restarts a supervisor that gave up", plan: "S(max=0 | x y) b", do: "fail S/x", log: "-S/x -S/y +S/x +S/y", left: "S(x y)#1 b"},
	{name: "a supervisor that is restarted has made no restarts", plan: "S(max=1 | x) b", do: "fail S/x; fail S/x; fail S/x", log: "-S/x +S/x -S/x +S/x -S/x +S/x", left: "S(x#1)#1 b"},
	{name: "or it gives up itself, with a reason that names the child and its last failure", plan: "max=1 | a S(max=0 | x)", do: "fail S/x; fail S/x limit", log: "-S/x +S/x -S/x -a", over: "children S:children x:limit"},
	{name: "a failure may go up through many supervisors", plan: "max=0 | S(max=0 | T(max=0 | x y) z) b", do: "fail S/T/x trap", log: "-S/T/x -S/T/y -S/z -b", over: "children S:children T:children x:trap"},
	{name: "ours: a supervisor that gives up has failed: a transient one is restarted", plan: "S(max=0 | x):transient b", do: "fail S/x", log: "-S/x +S/x", left: "S(x)#1 b"},
	{name: "a temporary supervisor is not restarted", plan: "S(max=0 | x y):temporary b", do: "fail S/x", log: "-S/x -S/y", left: "b"},
	{name: "a supervisor is restarted with its first children, not with those that were added", plan: "S(max=0 | x y:transient) b", do: "exit S/y; add S/z; fail S/x", log: "-S/y +S/z -S/x -S/z +S/x +S/y", left: "S(x y)#1 b", answers: "ok"},
	{name: "one_for_all stops and starts the supervisors below", plan: "one-for-all | a S(x y) b", do: "fail a", log: "-a -b -S/y -S/x +a +S/x +S/y +b", left: "a#1 S(x y)#1 b#1"},
	{name: "ours: a child whose own supervisor gave up is made to fail", plan: "max=0 | a b", do: "failing b children", log: "-b -a", over: "children b:children"},
	{name: "ours: and is restarted with that reason", plan: "a b:transient", do: "failing b children", log: "-b +b", left: "a b#1"},
	{name: "ours: one whose supervisor shut itself down has ended in order", plan: "a b:transient", do: "failing b shutdown", log: "-b", left: "a b:ended"},
}

func TestTheRulesOfOTP(t *testing.T) {
	names := map[string]bool{}
	for _, c := range rules {
		if names[c.name] {
			t.Errorf("two rules are named %q", c.name)
		}
		names[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			for _, keeps := range []bool{false, true} {
				w := newWorld(parsePlan(c.plan))
				w.keeps = keeps
				compareOutcome(t, c, play(w, c), keeps)
				if len(w.wrong) > 0 {
					t.Errorf("keeps %v: %s", keeps, strings.Join(w.wrong, "; "))
				}
			}
		})
	}
}

// outcome is what has become of a tree.
type outcome struct{ log, left, over, answers string }

// play has a world run the commands of a case.
func play(w *world, c rule) outcome {
	for _, b := range parseCommands(c.bad) {
		w.do(b)
	}
	w.run()
	from, first := len(w.log), 1
	if len(w.answers) == 0 || w.answers[0] != "ok" {
		from, first = 0, 0
	}
	for _, cmd := range parseCommands(c.do) {
		if cmd.verb == "advance" {
			end := w.clock.Now().Add(must(time.ParseDuration(cmd.arg)))
			for w.fire(end) {
				w.run()
			}
			continue
		}
		if w.do(cmd); !cmd.with {
			w.run()
		}
	}
	return outcome{logged(w.log[from:]), w.tree(), w.over, strings.Join(w.answers[first:], "; ")}
}

func compareOutcome(t *testing.T, c rule, got outcome, keeps bool) {
	t.Helper()
	if want := (outcome{c.log, c.left, c.over, c.answers}); got != want {
		t.Errorf("%s: %s (keeps %v)\n got %+v\nwant %+v", c.plan, c.do, keeps, got, want)
	}
}

var _ supervision.Hands = (*sup)(nil)
