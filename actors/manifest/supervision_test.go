package manifest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestAChildArrivesWithItsDefaults(t *testing.T) {
	m := parse(t, head+`
[[child]]
id = "Front desk"
manifest = "../desk"
restart = "temporary"
shutdown = "90s"
type = "supervisor"
initial_state = "begin"
[[child]]
id = "a"
manifest = "a"
[[child]]
id = "b"
manifest = "b"
type = "supervisor"
[[child]]
id = "c"
manifest = "c"
restart = "transient"
shutdown = "brutal-kill"
[[child]]
id = "d"
manifest = "d"
shutdown = "infinity"
type = "worker"
`)
	var got []string
	for _, c := range m.Children {
		state := "none"
		if c.InitialState != nil {
			state = *c.InitialState
		}
		got = append(got, fmt.Sprintln(c.Line, c.ID, c.File, c.Restart, c.Type, c.Shutdown, c.Shutdown.Time, state, c.Manifest == nil))
	}
	want := []string{
		"5 Front desk ../desk temporary supervisor 1m30s 1m30s begin true\n",
		"12 a a permanent worker 5s 5s none true\n",
		"15 b b permanent supervisor infinity 0s none true\n",
		"19 c c transient worker brutal-kill 0s none true\n",
		"24 d d permanent worker infinity 0s none true\n",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, ""), strings.Join(want, ""))
	}
}

func TestProblemsOfSupervisionAndChildrenNameTheirPlace(t *testing.T) {
	expectProblems(t, []problemCase{
		{"a key two tables down is named in full", head + "[supervision.backoff]\nfacto = 3\n[supervision]\nbackof = 1\n", []string{
			"f:5:1: supervision.backoff.facto: unknown key (did you mean factor?)",
			"f:7:1: supervision.backof: unknown key (did you mean backoff?)"}},
		{"a key of an inner table is told its table", head + "[supervision]\ninitial = \"1s\"\n", []string{
			"f:5:1: supervision.initial: unknown key (initial is a key of [supervision.backoff])"}},
		{"a key of a child is told its table", head + "type = 1\n[supervision]\nrestart = \"permanent\"\n", []string{
			"f:4:1: type: unknown key", "f:6:1: supervision.restart: unknown key (restart is a key of [[child]])"}},
		{"a dotted key in quotes is one key", head + "\"limits.memory\" = 1\n", []string{
			`f:4:1: "limits.memory": unknown key`}},
		{"an inner group that is no table is refused", head + "[supervision]\nbackoff = \"1s\"\n", []string{
			"f:5:1: supervision.backoff: must be a table, not a string"}},
		{"supervision out of range is refused with the range", head + "[supervision]\nmax_deliveries = 0\nmax_restarts = -1\nperiod = \"0s\"\n[supervision.backoff]\ninitial = \"-1s\"\nfactor = 0.5\ncap = \"25h\"\njitter = 1.5\nreset = \"0s\"\n", []string{
			"f:5:1: supervision.max_deliveries: must be between 1 and 1000",
			"f:6:1: supervision.max_restarts: must be between 0 and 1000000",
			"f:7:1: supervision.period: must be between 1ms and 24h",
			"f:9:1: supervision.backoff.initial: must be between 0s and 24h",
			"f:10:1: supervision.backoff.factor: must be between 1 and 100",
			"f:11:1: supervision.backoff.cap: must be between 1ms and 24h",
			"f:12:1: supervision.backoff.jitter: must be between 0 and 1",
			"f:13:1: supervision.backoff.reset: must be between 1ms and 24h"}},
		{"what is not a number is in no range", head + "[supervision.backoff]\nfactor = nan\njitter = inf\n", []string{
			"f:5:1: supervision.backoff.factor: must be between 1 and 100",
			"f:6:1: supervision.backoff.jitter: must be between 0 and 1"}},
		{"the choices of supervision are listed", head + "[supervision]\nrestart_state = \"\"\nmailbox = \"Keep\"\nstrategy = \"one_for_all\"\nauto_shutdown = \"all\"\n", []string{
			`f:5:1: supervision.restart_state: must be "initial" or "last", not ""`,
			`f:6:1: supervision.mailbox: must be "keep" or "drop", not "Keep" (did you mean keep?)`,
			`f:7:1: supervision.strategy: must be "one-for-one" or "one-for-all" or "rest-for-one" or "simple-one-for-one", not "one_for_all" (did you mean one-for-all?)`,
			`f:8:1: supervision.auto_shutdown: must be "never" or "any_significant" or "all_significant", not "all"`}},
		{"a cap below the first wait is refused", head + "[supervision.backoff]\ncap = \"1s\"\ninitial = \"1m\"\n", []string{
			"f:5:1: supervision.backoff.cap: must not be less than initial, which is 1m"}},
		{"a first wait beyond the default cap is refused", head + "[supervision.backoff]\ninitial = \"1m\"\n", []string{
			"f:5:1: supervision.backoff.initial: must not be more than cap, which is 30s (set cap too)"}},
		{"a cap that is wrong by itself is reported once", head + "[supervision.backoff]\ncap = \"0s\"\ninitial = \"1m\"\n", []string{
			"f:5:1: supervision.backoff.cap: must be between 1ms and 24h"}},

		{"a child needs an id and a manifest", head + "[[child]]\n[[child]]\nid = \"b\"\nmanifest = \"\"\n", []string{
			"f:4:3: child[0].id: is missing", "f:4:3: child[0].manifest: is missing",
			"f:7:1: child[1].manifest: must not be empty"}},
		{"children without an id are not children of the same id", head + "[[child]]\nmanifest = \"a\"\n[[child]]\nmanifest = \"b\"\n", []string{
			"f:4:3: child[0].id: is missing", "f:6:3: child[1].id: is missing"}},
		{"a child's id is a name", head + "[[child]]\nid = \"a/b\"\nmanifest = \"a\"\n[[child]]\nid = \"..\"\nmanifest = \"a\"\n[[child]]\nid = \"..\"\nmanifest = \"a\"\n", []string{
			"f:5:1: child[0].id: must not contain '/'", "f:8:1: child[1].id: must not be \".\" or \"..\"", "f:11:1: child[2].id: must not be \".\" or \"..\""}},
		{"a child's manifest by URL is refused", head + "[[child]]\nid = \"a\"\nmanifest = \"store://x\"\n", []string{
			"f:6:1: child[0].manifest: must be a file path, not a URL"}},
		{"a second child of an id is refused", head + "[[child]]\nid = \"a\"\nmanifest = \"a\"\n[[child]]\nid = \"a\"\nmanifest = \"b\"\n", []string{
			`f:8:1: child[1].id: a second child "a" (the first is in line 4)`}},
		{"the choices of a child are listed", head + "[[child]]\nid = \"a\"\nmanifest = \"a\"\nrestart = \"always\"\ntype = \"actor\"\nshutdown = \"kill\"\nsignificant = 1\n", []string{
			`f:7:1: child[0].restart: must be "permanent" or "transient" or "temporary", not "always"`,
			`f:8:1: child[0].type: must be "worker" or "supervisor", not "actor"`,
			`f:9:1: child[0].shutdown: must be a duration like "5s", "brutal-kill" or "infinity"`,
			"f:10:1: child[0].significant: must be true or false, not an integer"}},
		{"a time to stop is in range", head + "[[child]]\nid = \"a\"\nmanifest = \"a\"\nshutdown = \"25h\"\n[[child]]\nid = \"b\"\nmanifest = \"a\"\nshutdown = 5\n", []string{
			"f:7:1: child[0].shutdown: must be between 1ms and 24h",
			"f:11:1: child[1].shutdown: must be a string, not an integer"}},
		{"an unknown key of a child has a hint", head + "[[child]]\nid = \"a\"\nmanifest = \"a\"\nrestarts = \"\"\nmailbox = \"keep\"\nname = \"b\"\n", []string{
			"f:7:1: child[0].restarts: unknown key (did you mean restart?)",
			"f:8:1: child[0].mailbox: unknown key (mailbox is a key of the child's own manifest)",
			"f:9:1: child[0].name: unknown key (name is a key of the child's own manifest)"}},
		{"children must be an array of tables", head + "[child]\nid = \"a\"\n", []string{
			"f:4:2: child: must be an array of tables, not a table (write [[child]])"}},
		{"a child that is no table is refused", head + "child = [ 1 ]\n", []string{
			"f:4:11: child[0]: must be a table, not an integer"}},
		{"a significant child is not permanent", head + "[supervision]\nauto_shutdown = \"any_significant\"\n[[child]]\nid = \"a\"\nmanifest = \"a\"\nsignificant = true\n", []string{
			`f:9:1: child[0].significant: a permanent child cannot be significant, for it never ends by itself (set restart = "transient" or "temporary")`}},
		{"a significant child needs an auto_shutdown", head + "[[child]]\nid = \"a\"\nmanifest = \"a\"\nrestart = \"temporary\"\nsignificant = true\n", []string{
			`f:8:1: child[0].significant: counts for nothing while auto_shutdown is never (set auto_shutdown = "any_significant" or "all_significant" in [supervision])`}},
		{"a significant child with a wrong restart is reported once", head + "[supervision]\nauto_shutdown = \"al\"\n[[child]]\nid = \"a\"\nmanifest = \"a\"\nrestart = \"tempory\"\nsignificant = true\n", []string{
			`f:5:1: supervision.auto_shutdown: must be "never" or "any_significant" or "all_significant", not "al"`,
			`f:9:1: child[0].restart: must be "permanent" or "transient" or "temporary", not "tempory" (did you mean temporary?)`}},
		{"simple-one-for-one takes a child", head + "[supervision]\nstrategy = \"simple-one-for-one\"\n", []string{
			"f:5:1: supervision.strategy: simple-one-for-one takes one [[child]], the template of every child that is spawned (there is none)"}},
		{"simple-one-for-one takes one child", head + "[[child]]\nid = \"a\"\nmanifest = \"a\"\n[[child]]\nid = \"b\"\nmanifest = \"b\"\n[supervision]\nstrategy = \"simple-one-for-one\"\n", []string{
			"f:7:3: child[1]: simple-one-for-one takes one [[child]], the template of every child that is spawned (there are 2)"}},
		{"the template of simple-one-for-one is not significant", head + "[supervision]\nstrategy = \"simple-one-for-one\"\nauto_shutdown = \"all_significant\"\n[[child]]\nid = \"a\"\nmanifest = \"a\"\nrestart = \"transient\"\nsignificant = true\n", []string{
			"f:11:1: child[0].significant: the template of simple-one-for-one cannot be significant"}},
	})
}
