package supervision_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/theater-go/theater/supervision"
)

// plan is a supervisor of a test, written as
//
//	one-for-all max=2 period=5s | a b:transient,500ms S(rest-for-one | x y)
//
// max is 3 and period 5s unless something else is said.
type plan struct {
	spec supervision.Spec
	kids []kid
}

// kid is a child of a plan: permanent and with a second to end in, or with all
// the time for a supervisor, unless something else is said.
type kid struct {
	id                   string
	restart              supervision.Restart
	shutdown             supervision.Shutdown
	significant, dynamic bool
	under                *plan // of a supervisor

	deaf  bool // a worker that does not end when it is told to, but when it is cut off then
	spins bool // a worker that ends only when it is cut off, told or not
	slow  bool // a worker that is ready when the test says so
}

// parsePlan reads a plan.
func parsePlan(text string) *plan {
	head, body, ok := strings.Cut(text, "|")
	if !ok || strings.Contains(head, "(") {
		head, body = "", text
	}
	p := &plan{spec: supervision.Spec{MaxRestarts: 3, Period: 5 * time.Second}}
	for _, word := range strings.Fields(head) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "one-for-one":
		case "one-for-all":
			p.spec.Strategy = supervision.OneForAll
		case "rest-for-one":
			p.spec.Strategy = supervision.RestForOne
		case "next":
			p.spec.Strategy = next{}
		case "max":
			p.spec.MaxRestarts = must(strconv.Atoi(value))
		case "period":
			p.spec.Period = must(time.ParseDuration(value))
		case "initial":
			p.spec.Backoff.Initial = must(time.ParseDuration(value))
			p.spec.Backoff.Factor = 2
		case "cap":
			p.spec.Backoff.Cap = must(time.ParseDuration(value))
		case "reset":
			p.spec.Backoff.Reset = must(time.ParseDuration(value))
		case "auto":
			p.spec.AutoShutdown = supervision.AutoShutdown(value + "_significant")
		default:
			panic("a plan does not know " + word)
		}
	}
	for body = strings.TrimSpace(body); body != ""; body = strings.TrimSpace(body) {
		var k kid
		k, body = parseKid(body)
		p.kids = append(p.kids, k)
	}
	return p
}

// parseKid reads the first child of a text, and what follows it.
func parseKid(text string) (kid, string) {
	end := strings.IndexAny(text+" ", " :(")
	k := kid{id: text[:end], restart: supervision.Permanent, shutdown: supervision.Shutdown{Time: time.Second}}
	text = text[end:]
	if strings.HasPrefix(text, "(") {
		depth := 0
		end := strings.IndexFunc(text, func(c rune) bool {
			switch c {
			case '(':
				depth++
			case ')':
				depth--
			}
			return depth == 0
		})
		k.under, k.shutdown = parsePlan(text[1:end]), supervision.Infinity
		text = text[end+1:]
	}
	words, rest, _ := strings.Cut(text+" ", " ")
	for _, word := range strings.Split(strings.TrimPrefix(words, ":"), ",") {
		switch word {
		case "":
		case "permanent", "transient", "temporary":
			k.restart = supervision.Restart(word)
		case "significant":
			k.significant = true
		case "dynamic":
			k.dynamic = true
		case "deaf":
			k.deaf = true
		case "spins":
			k.spins = true
		case "slow":
			k.slow = true
		case "infinity":
			k.shutdown = supervision.Infinity
		case "brutal":
			k.shutdown = supervision.BrutalKill
		default:
			k.shutdown = supervision.Shutdown{Time: must(time.ParseDuration(word))}
		}
	}
	return k, rest
}

// String writes a child down, not in all detail.
func (k kid) String() string {
	text := k.id
	if k.under != nil {
		text += fmt.Sprintf("(%T max=%d period=%v auto=%s initial=%v | %v)", k.under.spec.Strategy, k.under.spec.MaxRestarts,
			k.under.spec.Period, k.under.spec.AutoShutdown, k.under.spec.Backoff.Initial, k.under.kids)
	}
	text += fmt.Sprintf(":%s,%s", k.restart, k.shutdown)
	for word, is := range map[string]bool{"significant": k.significant, "dynamic": k.dynamic, "deaf": k.deaf} {
		if is {
			text += "," + word
		}
	}
	return text
}

func (k kid) spec(child supervision.Child) supervision.ChildSpec {
	return supervision.ChildSpec{ID: k.id, Restart: k.restart, Shutdown: k.shutdown,
		Significant: k.significant, Dynamic: k.dynamic, Child: child}
}

// next is a Strategy of a test: the child and the one after it go down.
type next struct{}

func (next) Affected(f supervision.Failure) []string {
	all := f.Children()
	for i, id := range all[:len(all)-1] {
		if id == f.Child {
			return all[i : i+2]
		}
	}
	return []string{f.Child}
}

// command is something that happens to a tree: "fail S/x", "advance 5s". A path
// names a child: its supervisors' ids, from the top on, and its own.
type command struct {
	verb, path, arg, arg2 string
	kids                  []kid
	with                  bool // the next one happens at the same time
}

func (c command) String() string {
	if len(c.kids) > 0 {
		above, _ := split(c.path)
		return fmt.Sprintf("%s %s %v", c.verb, above, c.kids)
	}
	return strings.Join(strings.Fields(strings.Join([]string{c.verb, c.path, c.arg, c.arg2}, " ")), " ")
}

// parseCommands reads commands that are separated by semicolons, or by an
// ampersand where nothing is waited for.
func parseCommands(text string) (list []command) {
	text = strings.ReplaceAll(text, "&", "&;")
	for line := range strings.SplitSeq(text, ";") {
		line, with := strings.CutSuffix(strings.TrimSpace(line), "&")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		words = append(words, "", "", "")
		c := command{verb: words[0], path: words[1], arg: words[2], arg2: words[3], with: with}
		switch c.verb {
		case "advance", "stop", "suspend":
			c.path, c.arg = "", words[1]
		case "boot":
			c.path, c.kids = "", parsePlan(strings.TrimPrefix(line, "boot")).kids
		case "add":
			above, rest := "", words[1]
			if i := strings.LastIndex(rest, "/"); i >= 0 {
				above, rest = rest[:i], rest[i+1:]
			}
			k, _ := parseKid(rest)
			c.path, c.kids = join(above, k.id), []kid{k}
		}
		list = append(list, c)
	}
	return list
}

// reason is what a worker ends with in a command.
func (c command) exit() supervision.Exit {
	switch {
	case c.verb == "exit" && c.arg == "":
		return supervision.Exit{Reason: supervision.ReasonNormal}
	case c.arg == "":
		return supervision.Exit{Reason: supervision.ReasonError, Err: errors.New("a fault")}
	}
	exit := supervision.Exit{Reason: supervision.Reason(c.arg)}
	if exit.Failed() {
		exit.Err = errors.New("a fault")
	}
	return exit
}

// bad says how many of the next starts fail, and with what.
type bad struct {
	times int
	exit  supervision.Exit
}

func (c command) bad() bad {
	b := bad{times: must(strconv.Atoi(c.arg)), exit: supervision.Exit{Reason: supervision.ReasonInitFailed, Err: errors.New("a bad start")}}
	if c.arg2 != "" {
		b.exit = supervision.Exit{Reason: supervision.Reason(c.arg2)}
	}
	return b
}

// split is the path of a child's supervisor, and its id.
func split(path string) (above, id string) {
	i := strings.LastIndex(path, "/")
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

func join(above, id string) string {
	if above == "" {
		return id
	}
	return above + "/" + id
}

// verdict is how a supervisor ended: its reason, the child that it names with its
// reason, the one that this one names, and so on.
func verdict(exit supervision.Exit) string {
	text := string(exit.Reason)
	var failure *supervision.ChildError
	for err := exit.Err; errors.As(err, &failure); err = failure.Exit.Err {
		text += fmt.Sprintf(" %s:%s", failure.Child, failure.Exit.Reason)
	}
	return text
}

// answer is how a request was answered.
func answer(err error) string {
	for _, known := range []error{supervision.ErrStopping, supervision.ErrNoChild, supervision.ErrRunning,
		supervision.ErrBusy, supervision.ErrPresent, supervision.ErrEnded} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	var failure *supervision.ChildError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &failure):
		return failure.Child + " " + failure.What
	}
	return "refused"
}

// show writes children down: "a b:ended c#2 S(x y)", where #2 counts restarts and
// running is not said.
func show(list []supervision.Info, below func(c supervision.Info) (text string, ok bool)) string {
	var words []string
	for _, c := range list {
		word := c.ID
		if c.Status != supervision.StatusWaiting && c.Status != supervision.StatusEnded {
			if text, ok := below(c); ok {
				word += "(" + text + ")"
			}
		}
		if c.Status != supervision.StatusRunning {
			word += ":" + string(c.Status)
		}
		if c.Restarts > 0 {
			word += fmt.Sprintf("#%d", c.Restarts)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// epoch is when the fake clocks begin.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// fakeClock is a Clock whose time stands still. Its timers are called one by one.
type fakeClock struct {
	mu     sync.Mutex
	now    time.Time    // guarded by mu
	timers []*fakeTimer // guarded by mu; in the order in which they are called
}

type fakeTimer struct {
	at time.Time
	f  func()
}

var _ supervision.Clock = (*fakeClock)(nil)

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) AfterFunc(d time.Duration, f func()) func() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &fakeTimer{c.now.Add(d), f}
	i := 0
	for i < len(c.timers) && !c.timers[i].at.After(t.at) {
		i++
	}
	c.timers = append(c.timers[:i], append([]*fakeTimer{t}, c.timers[i:]...)...)
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		for i, other := range c.timers {
			if other == t {
				c.timers = append(c.timers[:i], c.timers[i+1:]...)
				return true
			}
		}
		return false
	}
}

// fire calls the next timer that is due until end, and reports whether there was
// one. If not, the time is end.
func (c *fakeClock) fire(end time.Time) bool {
	c.mu.Lock()
	if len(c.timers) == 0 || c.timers[0].at.After(end) {
		c.now = end
		c.mu.Unlock()
		return false
	}
	t := c.timers[0]
	c.timers = c.timers[1:]
	if t.at.After(c.now) {
		c.now = t.at
	}
	c.mu.Unlock()
	t.f()
	return true
}

func (c *fakeClock) pending() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.timers)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// next is when the next timer is due.
func (c *fakeClock) next() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.timers[0].at
}
