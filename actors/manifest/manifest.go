// Package manifest reads an actor's manifest.toml: what the actor is called,
// which wasm package it runs, which capabilities it is granted and what it may
// use up. Parsing is strict: an unknown key, a wrong type, a value out of range
// or a missing key is an error with file, line, column and key, and all the
// errors of a file are reported together.
//
// The package knows no capability itself. Handler and policy tables are decoded
// into structs that the caller's [Registry] hands out. It never starts, grants
// or enforces anything. The files that it reads are manifests, those that they
// declare as children, and packages. What a guest names with
// [Manifest.Reference], and all that this names in turn, lies in the folder of
// the guest's own manifest.
//
// Package actors, the composition root and the command line may import it.
package manifest

import "time"

// FileName is the manifest that [Load] looks for in a folder.
const FileName = "manifest.toml"

// Bounds on a manifest file. A file beyond them is refused as a whole.
const (
	maxFileSize  = 1 << 20 // bytes
	maxKeys      = 10_000  // key-value pairs and table headers
	maxDepth     = 32      // nested tables and arrays
	maxProblems  = 100     // problems reported of one file
	maxPackage   = 256 << 20
	maxNameBytes = 128
	maxLevels    = 32     // manifests from the top of a declared tree to its end
	maxActors    = 10_000 // children declared in a tree
)

// Manifest is a manifest file that passed every check. It holds defaults where
// the file says nothing. A Manifest is not changed after [Parse] or [Load]
// returns it, but for [Manifest.LoadChildren].
type Manifest struct {
	// Name is the actor's name: one segment of its path in the tree.
	Name string
	// Version is the author's version text, not interpreted.
	Version string
	// Package is the wasm file as written: a path, relative to Dir unless absolute.
	Package string
	// SHA256 pins the bytes of the package: 64 lower-case hex digits, or empty.
	SHA256 string
	// Description and LongDescription are for people.
	Description, LongDescription string
	// InitialState is the text of the state before init; nil where the file has none.
	InitialState *string
	// StaticPackage is Theater's key, accepted for compatibility: packages are
	// always cached by content here, so it changes nothing.
	StaticPackage bool

	Handlers []Handler
	// PermissionPolicy is the ceiling of the actor's subtree by capability name.
	// A capability that is not named inherits.
	PermissionPolicy map[string]Policy
	Limits           Limits
	Chain            Chain
	Snapshot         Snapshot
	Supervision      Supervision
	// Children are the [[child]] tables in the order of the file, which is the
	// order in which they start.
	Children []Child

	// File is the name given to Parse or Load, Dir its folder. Of a manifest that
	// a guest named, File is relative to the folder that confines it.
	File, Dir string
	// Raw is the file's content, byte for byte; the caller must not change it.
	Raw []byte

	// packageAt and sumAt are where the file says package and sha256.
	packageAt, sumAt position
	// read is set where Dir is known to be the folder that the file lies in.
	read bool
	// within confines what the manifest names, where a guest named it; nil
	// otherwise.
	within *folder
}

// Handler is one [[handler]] table: a capability that the manifest grants.
type Handler struct {
	// Type is the handler's registered name, e.g. "message-server".
	Type string
	// Config is what the Registry's NewConfig returned, filled from the table.
	Config any
	// Line is where the table starts.
	Line int
}

// Mode says how a policy derives a capability from the parent's.
type Mode uint8

// The modes of a policy; Inherit is the default.
const (
	Inherit  Mode = iota // what the parent has
	Disallow             // nothing
	Restrict             // what the parent has, narrowed by a config
)

var modeNames = [...]string{Inherit: "inherit", Disallow: "disallow", Restrict: "restrict"}

// String returns the mode as a manifest writes it.
func (m Mode) String() string {
	if int(m) < len(modeNames) {
		return modeNames[m]
	}
	return "invalid"
}

// Policy is one entry of [permission_policy].
type Policy struct {
	Mode Mode
	// Config is what the Registry's NewPolicy returned, filled from the table;
	// nil unless Mode is Restrict.
	Config any
}

// Limits bound what one actor may use. Sizes are bytes.
type Limits struct {
	Memory          int64         // linear memory of the instance
	TurnTime        time.Duration // guest time of one turn; waits in host calls do not count
	Fuel            int64         // what the guest may spend in one turn, about an instruction each
	WaitTime        time.Duration // one wait in a host call
	MailboxMessages int           // messages waiting in the mailbox
	MailboxBytes    int64         // their bytes together
	HostCalls       int           // host calls of one turn
	RecordedBytes   int64         // bytes that one turn may put on the chain
	LogBytes        int64         // log output of one turn, beyond which it is cut
}

// DefaultLimits are the limits of a manifest without [limits].
func DefaultLimits() Limits {
	return Limits{
		Memory:          64 << 20,
		TurnTime:        5 * time.Second,
		Fuel:            100_000_000_000,
		WaitTime:        30 * time.Second,
		MailboxMessages: 1000,
		MailboxBytes:    16 << 20,
		HostCalls:       1_000_000,
		RecordedBytes:   64 << 20,
		LogBytes:        64 << 10,
	}
}

// Durability says what must have happened to a record before the world may see
// its effects.
type Durability string

// The durabilities a manifest may ask for; empty is the data folder's.
const (
	DurabilityDefault Durability = ""
	DurabilityAsync   Durability = "async"  // written
	DurabilitySync    Durability = "sync"   // on disk
	DurabilityMemory  Durability = "memory" // nothing is kept
)

// Chain is the table [chain].
type Chain struct {
	Durability Durability
	// Sealed keeps payloads off the chain in clear: salted hashes stand for them.
	Sealed bool
}

// Registry knows the capabilities of a build. Its structs name their keys in
// `toml` field tags; a field without a tag cannot be set. Fields are strings,
// booleans, numbers, time.Duration (written "5s"), encoding.TextUnmarshaler
// (written as strings), and structs, pointers, slices and string-keyed maps of
// these. A struct with a method Validate() error is asked once it is filled.
type Registry interface {
	// NewConfig returns a pointer to a fresh Config struct of a handler type
	// with its defaults, or nil where the type has no keys; ok is false for a
	// type that does not exist.
	NewConfig(handlerType string) (config any, ok bool)
	// NewPolicy does the same for the config of a restrict policy.
	NewPolicy(capability string) (policy any, ok bool)
	// HandlerTypes lists the types that NewConfig knows, for hints.
	HandlerTypes() []string
}
