package manifest

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// KeyDoc documents one key of the manifest.
type KeyDoc struct {
	// Key is the dotted key. A part in angle brackets stands for any name, and
	// child and handler are the arrays [[child]] and [[handler]].
	Key string
	// Type is string, boolean, integer, float, duration, size or table.
	Type string
	// Unit of the value, where it has one.
	Unit string
	// Default as a manifest would write it; "required" where there is none.
	Default string
	// Meaning in one sentence.
	Meaning string
}

const required = "required"

// Keys lists every key of the manifest that is not a handler's own. The parser
// and docs/manifest.md are made from the same tables.
func Keys() []KeyDoc {
	docs := append(docsOf(keys, ""), docsOf(childKeys, "child")...)
	return append(docs,
		KeyDoc{"handler.type", "string", "", required, "The capability that this [[handler]] table grants. The table's other keys are the capability's own. A type stands at most once."},
		KeyDoc{"permission_policy.<capability>.type", "string", "", required, "The ceiling of the actor and everything below it: `inherit` what the parent has, `disallow` it, or `restrict` it by config."},
		KeyDoc{"permission_policy.<capability>.config", "table", "", "", "What `restrict` narrows the capability to; the keys are the capability's own."},
	)
}

func docsOf[T any](keys []key[T], group string) []KeyDoc {
	var docs []KeyDoc
	for _, k := range keys {
		k.Key = join(group, k.Key)
		if k.between != "" {
			k.Meaning += " Between " + k.between + "."
		}
		docs = append(docs, k.KeyDoc)
	}
	return docs
}

// key is a documented key of a table that is decoded into T, together with
// where its value goes and what it may be.
type key[T any] struct {
	KeyDoc
	// field returns a pointer to the value, set to the key's default.
	field func(*T) any
	rule
}

// rule is what a value must be beyond its type; the zero rule allows all.
type rule struct {
	// check returns what is wrong with a value that field points to, or "".
	check func(field any) string
	// between is the range that check allows, where it is one.
	between string
	// choices are the words that check allows, where it is some.
	choices []string
}

var keys = slices.Concat([]key[Manifest]{
	{KeyDoc{"name", "string", "", required, "The actor's name, one segment of its path: at most 128 bytes without `/`, `~` and control characters."},
		func(m *Manifest) any { return &m.Name }, rule{check: isName}},
	{KeyDoc{"version", "string", "", required, "The author's version of the actor; not interpreted."},
		func(m *Manifest) any { return &m.Version }, rule{check: notEmpty}},
	{KeyDoc{"package", "string", "", required, "The wasm file, relative to the manifest's folder. Where the folder holds the Go source of the actor, `theater run` and `theater build` build it to this path."},
		func(m *Manifest) any { return &m.Package }, rule{check: isPath}},
	{KeyDoc{"sha256", "string", "hex", "", "Pins the package: a file with another sha256 is refused."},
		func(m *Manifest) any { return &m.SHA256 }, rule{check: isSum}},
	{KeyDoc{"description", "string", "", `""`, "What the actor is for, in a line."},
		func(m *Manifest) any { return &m.Description }, rule{}},
	{KeyDoc{"long_description", "string", "", `""`, "What the actor is for, at length."},
		func(m *Manifest) any { return &m.LongDescription }, rule{}},
	{KeyDoc{"initial_state", "string", "", "", "The state that init receives, as a string value; without it the state is none."},
		func(m *Manifest) any { return &m.InitialState }, rule{}},
	{KeyDoc{"static_package", "boolean", "", "false", "Accepted for compatibility with Theater; packages are always cached by their content."},
		func(m *Manifest) any { return &m.StaticPackage }, rule{}},

	{KeyDoc{"limits.memory", "size", "bytes", `"64MiB"`, "Linear memory of the instance; `memory.grow` beyond it answers -1."},
		func(m *Manifest) any { return (*size)(&m.Limits.Memory) }, sizes(64<<10, 4<<30)},
	{KeyDoc{"limits.turn_time", "duration", "", `"5s"`, "Guest time of one turn, `init` included; waits in host calls do not count."},
		func(m *Manifest) any { return &m.Limits.TurnTime }, durations(time.Millisecond, 24*time.Hour)},
	{KeyDoc{"limits.wait_time", "duration", "", `"30s"`, "How long one host call may wait."},
		func(m *Manifest) any { return &m.Limits.WaitTime }, durations(time.Millisecond, 24*time.Hour)},
	{KeyDoc{"limits.mailbox_messages", "integer", "messages", "1000", "Messages that may wait in the mailbox; one more is refused at once."},
		func(m *Manifest) any { return &m.Limits.MailboxMessages }, integers(1, 1_000_000)},
	{KeyDoc{"limits.mailbox_bytes", "size", "bytes", `"16MiB"`, "Bytes of the waiting messages together."},
		func(m *Manifest) any { return (*size)(&m.Limits.MailboxBytes) }, sizes(1<<10, 4<<30)},
	{KeyDoc{"limits.fuel", "integer", "instructions", "100000000000", "What the guest may spend in one turn, `init` included: about one for each instruction, more for bulk operations and for what the host does for it. A turn that spends more ends at the same instruction on every machine."},
		func(m *Manifest) any { return &m.Limits.Fuel }, integers[int64](1_000, 1_000_000_000_000_000)},
	{KeyDoc{"limits.host_calls", "integer", "calls", "1000000", "Host calls of one turn."},
		func(m *Manifest) any { return &m.Limits.HostCalls }, integers(1, 1_000_000_000)},
	{KeyDoc{"limits.recorded_bytes", "size", "bytes", `"64MiB"`, "Bytes that one turn may put on the chain."},
		func(m *Manifest) any { return (*size)(&m.Limits.RecordedBytes) }, sizes(4<<10, 4<<30)},
	{KeyDoc{"limits.log_bytes", "size", "bytes", `"64KiB"`, "Log output of one turn; what goes beyond it is cut."},
		func(m *Manifest) any { return (*size)(&m.Limits.LogBytes) }, sizes(0, 1<<30)},

	{KeyDoc{"chain.durability", "string", "", "", "`async`: effects wait until the record is written; `sync`: until it is on disk; `memory`: they do not wait and nothing is kept. Without it the data folder decides."},
		func(m *Manifest) any { return &m.Chain.Durability }, oneOf(DurabilityAsync, DurabilitySync, DurabilityMemory)},
	{KeyDoc{"chain.sealed", "boolean", "", "false", "Payloads stand on the chain as salted hashes instead of in clear."},
		func(m *Manifest) any { return &m.Chain.Sealed }, rule{}},
}, snapshotKeys, supervisionKeys)

// defaults returns the manifest of a file that says nothing.
func defaults() *Manifest {
	return &Manifest{Limits: DefaultLimits(), Snapshot: DefaultSnapshot(), Supervision: DefaultSupervision()}
}

func notEmpty(field any) string {
	if *field.(*string) == "" {
		return "must not be empty"
	}
	return ""
}

func isName(field any) string {
	if err := CheckName(*field.(*string)); err != nil {
		return err.Error()
	}
	return ""
}

// CheckName holds a name to the rule of the key name, which makes it one segment
// of a path. The error says what is wrong, without the name.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("must not be empty")
	case len(name) > maxNameBytes:
		return fmt.Errorf("is longer than %d bytes", maxNameBytes)
	case name == "." || name == "..":
		return errors.New(`must not be "." or ".."`)
	case strings.TrimSpace(name) != name:
		return errors.New("must not begin or end with a space")
	}
	for _, r := range name {
		if r == '/' || r == '~' || r == utf8.RuneError || !unicode.IsPrint(r) {
			return fmt.Errorf("must not contain %q", r)
		}
	}
	return nil
}

func isPath(field any) string {
	path := *field.(*string)
	switch {
	case path == "":
		return "must not be empty"
	case strings.Contains(path, "://"):
		return "must be a file path, not a URL"
	case strings.ContainsFunc(path, unicode.IsControl):
		return "must not contain control characters"
	}
	return ""
}

func isSum(field any) string {
	sum := field.(*string)
	if raw, err := hex.DecodeString(*sum); err != nil || len(raw) != 32 {
		return "must be 64 hex digits"
	}
	*sum = strings.ToLower(*sum)
	return ""
}

func integers[T int | int64](low, high T) rule {
	return within(low, high, func(v T) string { return strconv.FormatInt(int64(v), 10) })
}

func sizes(low, high size) rule {
	return within(low, high, size.String)
}

func durations(low, high time.Duration) rule {
	return within(low, high, shortDuration)
}

func floats(low, high float64) rule {
	return within(low, high, func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) })
}

func within[T cmp.Ordered](low, high T, print func(T) string) rule {
	between := print(low) + " and " + print(high)
	return rule{between: between, check: func(field any) string {
		if v := *field.(*T); !(v >= low && v <= high) { // so that NaN is refused
			return "must be between " + between
		}
		return ""
	}}
}

func oneOf[T ~string](choices ...T) rule {
	words := make([]string, len(choices))
	for i, c := range choices {
		words[i] = string(c)
	}
	return rule{choices: words, check: func(field any) string {
		word := *field.(*T)
		if slices.Contains(choices, word) {
			return ""
		}
		return mustBe(words, string(word))
	}}
}

// mustBe is what is wrong with a word that is none of some.
func mustBe(words []string, word string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	return fmt.Sprintf("must be %s, not %.40q", strings.Join(quoted, " or "), word)
}
