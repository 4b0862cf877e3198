package manifest

import (
	"errors"
	"fmt"
	"time"
)

// Restart says when a child that ended is started again.
type Restart string

// When a child restarts; Permanent is the default.
const (
	Permanent Restart = "permanent" // always
	Transient Restart = "transient" // unless it ended normally
	Temporary Restart = "temporary" // never
)

// ChildType says whether a child supervises others itself.
type ChildType string

// The types of children.
const (
	Worker     ChildType = "worker"
	Supervisor ChildType = "supervisor"
)

// defaultShutdown is how long a worker may take to stop.
const defaultShutdown = 5 * time.Second

// Child is one [[child]] table: an actor that is started below this one.
type Child struct {
	// ID is the child's name in the tree; its manifest's Name does not matter here.
	ID string
	// File is the child's manifest as written: a file or a folder that holds
	// [FileName], relative to the folder of the manifest that declares it.
	File string
	// Manifest is what File holds: nil until [Load] or [Manifest.LoadChildren]
	// has read it. Children of the same file share it.
	Manifest *Manifest

	Restart     Restart
	Shutdown    Shutdown
	Type        ChildType
	Significant bool
	// InitialState overrides that of Manifest; nil where the table has none.
	InitialState *string
	// Line is where the table starts.
	Line int

	// at is where the file names the child's manifest; the flags are set where
	// it says nothing, so that the default depends on the child.
	at                   position
	anyType, anyShutdown bool
}

// Attach sets the child's manifest, and with it the defaults that depend on
// it: a child that declares children is a supervisor, and is given all the time
// it needs to stop. What the file says itself stays.
func (c *Child) Attach(m *Manifest) {
	c.Manifest = m
	if c.anyType && m != nil && len(m.Children) > 0 {
		c.Type = Supervisor
	}
	c.settle()
}

// settle sets the time to stop where the file does not.
func (c *Child) settle() {
	if c.anyShutdown {
		c.Shutdown = Shutdown{Time: defaultShutdown}
		if c.Type == Supervisor {
			c.Shutdown = Shutdown{Infinite: true}
		}
	}
}

// Shutdown is how long a child may take to stop before it is killed.
type Shutdown struct {
	Time     time.Duration // unless one of the others is set
	Brutal   bool          // no time: it is killed at once
	Infinite bool          // as long as it takes
}

// String returns the time as a manifest writes it.
func (s Shutdown) String() string {
	switch {
	case s.Brutal:
		return "brutal-kill"
	case s.Infinite:
		return "infinity"
	}
	return shortDuration(s.Time)
}

// UnmarshalText reads a duration of 1ms to 24h, brutal-kill or infinity.
func (s *Shutdown) UnmarshalText(text []byte) error {
	switch string(text) {
	case "brutal-kill":
		*s = Shutdown{Brutal: true}
		return nil
	case "infinity":
		*s = Shutdown{Infinite: true}
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return errors.New(`must be a duration like "5s", "brutal-kill" or "infinity"`)
	}
	if reason := shutdownTimes.check(&d); reason != "" {
		return errors.New(reason)
	}
	*s = Shutdown{Time: d}
	return nil
}

var shutdownTimes = durations(time.Millisecond, 24*time.Hour)

var childKeys = []key[Child]{
	{KeyDoc{"id", "string", "", required, "The child's name in the tree, by the rule of `name`. An id stands at most once."},
		func(c *Child) any { return &c.ID }, rule{check: isName}},
	{KeyDoc{"manifest", "string", "", required, "The child's manifest: a file, or a folder with a `manifest.toml`, relative to the folder of this one."},
		func(c *Child) any { return &c.File }, rule{check: isPath}},
	{KeyDoc{"restart", "string", "", `"permanent"`, "When the child restarts after it ended: always (`permanent`), unless it ended normally (`transient`), or never (`temporary`)."},
		func(c *Child) any { return &c.Restart }, oneOf(Permanent, Transient, Temporary)},
	{KeyDoc{"shutdown", "string", "", `"5s"`, "How long the child may take to stop before it is killed: a duration, `infinity`, or `brutal-kill` to kill it at once. A supervisor has `infinity` by default."},
		func(c *Child) any { return &c.Shutdown }, rule{between: shutdownTimes.between}},
	{KeyDoc{"type", "string", "", `"worker"`, "`worker` or `supervisor`, which matters for the default of `shutdown` only. A child whose manifest declares children is a supervisor by default."},
		func(c *Child) any { return &c.Type }, oneOf(Worker, Supervisor)},
	{KeyDoc{"significant", "boolean", "", "false", "Whether the child counts for `auto_shutdown`. Not with `permanent`, which never ends by itself."},
		func(c *Child) any { return &c.Significant }, rule{}},
	{KeyDoc{"initial_state", "string", "", "", "The state that the child's init receives instead of the one in its manifest."},
		func(c *Child) any { return &c.InitialState }, rule{}},
}

// children decodes the [[child]] tables and holds OTP's rules between them.
func (r *reader) children(at *place, value any, strategy *place) {
	first, start := map[string]int{}, len(r.problems)
	for i, item := range r.tables(at, "child", value) {
		place, key := at.item(i), element("child", i)
		table := r.table(place, key, item)
		if table == nil {
			continue
		}
		before := len(r.problems)
		c := r.child(place, key, table)
		earlier, twice := first[c.ID]
		switch id := child(key, "id"); {
		case r.troubled(before, id):
		case twice:
			r.report(place.key("id"), id, fmt.Sprintf("a second child %q", c.ID), fmt.Sprintf("the first is in line %d", earlier))
		default:
			first[c.ID] = c.Line
		}
		r.significant(place.key("significant"), key, c, before)
		r.manifest.Children = append(r.manifest.Children, c)
	}
	if !r.troubled(start, "child") {
		r.template(at, strategy)
	}
}

// child decodes one [[child]] table.
func (r *reader) child(at *place, key string, table map[string]any) Child {
	c := Child{Restart: Permanent, Type: Worker, Line: r.lines.at(at).line, at: r.lines.at(at.key("manifest"))}
	before := len(r.problems)
	decodeKeys(r.decoder, childKeys, &c, at, key, table)
	unknownKeys(r.decoder, childKeys, nil, at, key, "", table)
	_, typed := table["type"]
	_, timed := table["shutdown"]
	c.anyType, c.anyShutdown = !typed, !timed
	c.settle()
	if r.troubled(before, child(key, "manifest")) {
		c.File = ""
	}
	return c
}

// significant holds OTP's rules for a significant child, whose own problems are
// those from before on.
func (r *reader) significant(at *place, key string, c Child, before int) {
	if !c.Significant {
		return
	}
	full, s := child(key, "significant"), r.manifest.Supervision
	if c.Restart == Permanent && !r.troubled(before, child(key, "restart")) {
		r.report(at, full, "a permanent child cannot be significant, for it never ends by itself", `set restart = "transient" or "temporary"`)
	}
	if s.AutoShutdown == ShutdownNever {
		r.report(at, full, "counts for nothing while auto_shutdown is never", `set auto_shutdown = "any_significant" or "all_significant" in [supervision]`)
	}
	if s.Strategy == SimpleOneForOne {
		r.report(at, full, "the template of simple-one-for-one cannot be significant", "")
	}
}

// template holds that simple-one-for-one has exactly one child.
func (r *reader) template(at, strategy *place) {
	children := r.manifest.Children
	switch {
	case r.manifest.Supervision.Strategy != SimpleOneForOne || len(children) == 1:
	case len(children) == 0:
		r.report(strategy, "supervision.strategy", "simple-one-for-one takes one [[child]], the template of every child that is spawned", "there is none")
	default:
		r.report(at.item(1), "child[1]", "simple-one-for-one takes one [[child]], the template of every child that is spawned", fmt.Sprintf("there are %d", len(children)))
	}
}
