package manifest_test

import (
	"errors"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors/manifest"
)

// registry is a build with four capabilities, of which runtime has no keys.
type registry struct{}

type messageConfig struct {
	Allow   []string      `toml:"allow"`
	Timeout time.Duration `toml:"timeout"`
	Retries uint8         `toml:"retries"`
	Ratio   float32       `toml:"ratio"`
	Peer    *peer         `toml:"peer"`
	Peers   []peer        `toml:"peers"`
	Labels  map[string]int
	Tags    map[string]string `toml:"tags"`
	Mode    shout             `toml:"mode"`
}

type peer struct {
	Host string `toml:"host"`
	Port int    `toml:"port"`
	TLS  bool   `toml:"tls"`
}

// shout is a text that insists on upper case.
type shout string

func (s *shout) UnmarshalText(text []byte) error {
	if strings.ToUpper(string(text)) != string(text) {
		return errors.New("must be upper case")
	}
	*s = shout(text)
	return nil
}

type tcpConfig struct {
	Min int `toml:"min"`
	Max int `toml:"max"`
}

func (c *tcpConfig) Validate() error {
	if c.Min > c.Max {
		return errors.New("min is larger than max")
	}
	return nil
}

func (registry) NewConfig(handlerType string) (any, bool) {
	switch handlerType {
	case "message-server":
		return &messageConfig{Timeout: time.Second, Allow: []string{"/default"}}, true
	case "tcp":
		return &tcpConfig{Max: 10}, true
	case "runtime":
		return nil, true
	}
	return nil, false
}

func (registry) NewPolicy(capability string) (any, bool) {
	switch capability {
	case "message_server":
		return &messageConfig{}, true
	case "tcp":
		return &tcpConfig{}, true
	case "runtime":
		return nil, true
	}
	return nil, false
}

func (registry) HandlerTypes() []string { return []string{"tcp", "runtime", "message-server"} }

const head = "name = \"a\"\nversion = \"1\"\npackage = \"a.wasm\"\n" // three lines

func parse(t *testing.T, text string) *manifest.Manifest {
	t.Helper()
	m, err := manifest.Parse([]byte(text), "dir/manifest.toml", registry{})
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return m
}

func TestTheShortestManifestHasTheDocumentedDefaults(t *testing.T) {
	m := parse(t, head)
	if m.Name != "a" || m.Version != "1" || m.Package != "a.wasm" || m.File != "dir/manifest.toml" || m.Dir != "dir" {
		t.Errorf("got %+v", m)
	}
	if m.InitialState != nil || m.Handlers != nil || m.PermissionPolicy != nil || m.Chain != (manifest.Chain{}) {
		t.Errorf("something is set that the file does not say: %+v", m)
	}
	if m.Limits != manifest.DefaultLimits() || m.Supervision != manifest.DefaultSupervision() || m.Children != nil {
		t.Errorf("defaults: %+v, %+v", m.Limits, m.Supervision)
	}
	if string(m.Raw) != head {
		t.Errorf("raw is %q", m.Raw)
	}
}

func TestEveryKeyArrives(t *testing.T) {
	m := parse(t, `
name = "Chat State"
version = "0.1.0"
package = "build/chat.wasm"
sha256 = "`+strings.Repeat("AB", 32)+`"
description = "d"
long_description = """
long
"""
initial_state = ""
static_package = true

[limits]
memory = "128MiB"
turn_time = "1m"
fuel = 12345
wait_time = "250ms"
mailbox_messages = 5
mailbox_bytes = 4096
host_calls = 7
recorded_bytes = "1 GiB"
log_bytes = 0

[chain]
durability = "sync"
sealed = true

[snapshot]
enabled = false
turns = 3
bytes = "1MiB"
fuel = 1000
on_suspend = false
max_replay = 2000

[supervision]
on_error = "continue"
restart_state = "last"
mailbox = "drop"
max_deliveries = 4
strategy = "rest-for-one"
max_restarts = 0
period = "1h"
auto_shutdown = "any_significant"
[supervision.backoff]
initial = "10ms"
factor = 1.5
cap = "10ms"
jitter = 1
reset = "24h"

[[child]]
id = "Front desk"
manifest = "../desk"
restart = "temporary"
shutdown = "infinity"
type = "worker"
significant = true
initial_state = ""

[[child]]
id = "b"
manifest = "b.toml"
type = "supervisor"

[permission_policy]
store = { type = "disallow" }
supervisor.type = "inherit"

[permission_policy.message_server]
type = "restrict"
config = { allow = ["/a"] }

[permission_policy.runtime]
type = "restrict"
config = {}

[[handler]]
type = "runtime"

[[handler]]
type = "message-server"
timeout = "3s"
allow = ["/x", "/y"]
retries = 255
ratio = 1
mode = "LOUD"
peer = { host = "h", port = 1 }
tags = { "a b" = "c" }
[[handler.peers]]
host = "p"
tls = true
`)
	empty := ""
	want := manifest.Manifest{
		Name: "Chat State", Version: "0.1.0", Package: "build/chat.wasm", SHA256: strings.Repeat("ab", 32),
		Description: "d", LongDescription: "long\n", InitialState: &empty, StaticPackage: true,
		Limits: manifest.Limits{
			Memory: 128 << 20, TurnTime: time.Minute, Fuel: 12345, WaitTime: 250 * time.Millisecond, MailboxMessages: 5,
			MailboxBytes: 4096, HostCalls: 7, RecordedBytes: 1 << 30, LogBytes: 0,
		},
		Chain:    manifest.Chain{Durability: manifest.DurabilitySync, Sealed: true},
		Snapshot: manifest.Snapshot{Turns: 3, Bytes: 1 << 20, Fuel: 1000, MaxReplay: 2000},
		Supervision: manifest.Supervision{
			OnError: manifest.OnErrorContinue, RestartState: manifest.RestartLast, Mailbox: manifest.MailboxDrop, MaxDeliveries: 4,
			Strategy: manifest.RestForOne, MaxRestarts: 0, Period: time.Hour, AutoShutdown: manifest.ShutdownAnySignificant,
			Backoff: manifest.Backoff{Initial: 10 * time.Millisecond, Factor: 1.5, Cap: 10 * time.Millisecond, Jitter: 1, Reset: 24 * time.Hour},
		},
		PermissionPolicy: map[string]manifest.Policy{
			"store":          {Mode: manifest.Disallow},
			"supervisor":     {Mode: manifest.Inherit},
			"message_server": {Mode: manifest.Restrict, Config: &messageConfig{Allow: []string{"/a"}}},
			"runtime":        {Mode: manifest.Restrict},
		},
		Handlers: []manifest.Handler{
			{Type: "runtime", Line: 78},
			{Type: "message-server", Line: 81, Config: &messageConfig{
				Allow: []string{"/x", "/y"}, Timeout: 3 * time.Second, Retries: 255, Ratio: 1, Mode: "LOUD",
				Peer: &peer{Host: "h", Port: 1}, Peers: []peer{{Host: "p", TLS: true}},
				Tags: map[string]string{"a b": "c"},
			}},
		},
	}
	got := reflect.ValueOf(*m)
	for i := range got.NumField() {
		name := got.Type().Field(i).Name
		if f := got.Field(i); f.CanInterface() && name != "File" && name != "Dir" && name != "Raw" && name != "Children" &&
			!reflect.DeepEqual(f.Interface(), reflect.ValueOf(want).Field(i).Interface()) {
			t.Errorf("%s: got %+v, want %+v", name, f.Interface(), reflect.ValueOf(want).Field(i).Interface())
		}
	}
}

func TestAHandlersDefaultsStandWhereTheFileIsSilent(t *testing.T) {
	m := parse(t, head+"[[handler]]\ntype = \"message-server\"\n")
	want := &messageConfig{Timeout: time.Second, Allow: []string{"/default"}}
	if !reflect.DeepEqual(m.Handlers[0].Config, want) {
		t.Errorf("got %+v", m.Handlers[0].Config)
	}
}

func TestProblemsNameFileLineColumnAndKey(t *testing.T) {
	cases := []problemCase{
		{"an empty file lacks the three required keys", "", []string{
			"f:1:1: name: is missing", "f:1:1: version: is missing", "f:1:1: package: is missing"}},
		{"an unknown key has the nearest known one as a hint", head + "descripton = \"\"\n", []string{
			"f:4:1: descripton: unknown key (did you mean description?)"}},
		{"an unknown table is named with its place", head + "[limit]\nmemory = 1\n", []string{
			"f:4:2: limit: unknown key (did you mean limits?)"}},
		{"an unknown key of a group is named in full", head + "[limits]\n  memry = 1\n", []string{
			"f:5:3: limits.memry: unknown key (did you mean memory?)"}},
		{"keys are compared exactly", head + "[limits]\nMemory = 1\n", []string{
			"f:5:1: limits.Memory: unknown key (did you mean memory?)"}},
		{"a limit at the top level is told its table", head + "memory = \"1MiB\"\n", []string{
			"f:4:1: memory: unknown key (memory is a key of [limits])"}},
		{"a top-level key in a group is told to move up", head + "[chain]\ninitial_state = \"\"\n", []string{
			"f:5:1: chain.initial_state: unknown key (initial_state is a key of the top level: write it above the first table)"}},
		{"a wrong type says which is wanted and which is there", head + "description = 5\nstatic_package = \"yes\"\n", []string{
			"f:4:1: description: must be a string, not an integer",
			"f:5:1: static_package: must be true or false, not a string"}},
		{"a group that is no table is refused", head + "limits = [1]\nchain = 2.5\n", []string{
			"f:4:1: limits: must be a table, not an array", "f:5:1: chain: must be a table, not a float"}},
		{"a date is not a string", head + "description = 2026-01-01\n", []string{
			"f:4:1: description: must be a string, not a date or time"}},
		{"empty texts are refused where one is needed", "name = \"\"\nversion = \"\"\npackage = \"\"\n", []string{
			"f:1:1: name: must not be empty", "f:2:1: version: must not be empty", "f:3:1: package: must not be empty"}},
		{"a name that would break a path is refused", "name = \"a/b\"\nversion = \"1\"\npackage = \"p\"\n", []string{
			"f:1:1: name: must not contain '/'"}},
		{"a name with a control character is refused", "name = \"a\\u001b\"\nversion = \"1\"\npackage = \"p\"\n", []string{
			`f:1:1: name: must not contain '\x1b'`}},
		{"a name of dots is refused", "name = \"..\"\nversion = \"1\"\npackage = \"p\"\n", []string{
			"f:1:1: name: must not be \".\" or \"..\""}},
		{"a name with outer spaces is refused", "name = \" a\"\nversion = \"1\"\npackage = \"p\"\n", []string{
			"f:1:1: name: must not begin or end with a space"}},
		{"a long name is refused", "name = \"" + strings.Repeat("a", 129) + "\"\nversion = \"1\"\npackage = \"p\"\n", []string{
			"f:1:1: name: is longer than 128 bytes"}},
		{"a package by URL is refused", "name = \"a\"\nversion = \"1\"\npackage = \"store://x/hash/y\"\n", []string{
			"f:3:1: package: must be a file path, not a URL"}},
		{"a pin that is no sha256 is refused", head + "sha256 = \"abcd\"\n", []string{
			"f:4:1: sha256: must be 64 hex digits"}},
		{"limits out of range are refused with the range", head + "[limits]\nmemory = \"5GiB\"\nturn_time = \"0s\"\nmailbox_messages = 0\nlog_bytes = -1\n", []string{
			"f:5:1: limits.memory: must be between 64KiB and 4GiB",
			"f:6:1: limits.turn_time: must be between 1ms and 24h",
			"f:7:1: limits.mailbox_messages: must be between 1 and 1000000",
			"f:8:1: limits.log_bytes: must be between 0 and 1GiB"}},
		{"sizes and durations need their form", head + "[limits]\nmemory = \"64MB\"\nrecorded_bytes = true\nturn_time = 5\nwait_time = \"5\"\nmailbox_bytes = \"99999999999GiB\"\n", []string{
			`f:5:1: limits.memory: must be a size like "64MiB" or a number of bytes (the units are B, KiB, MiB and GiB)`,
			`f:6:1: limits.recorded_bytes: must be a size like "64MiB" or a number of bytes, not a boolean`,
			`f:7:1: limits.turn_time: must be a duration like "500ms" or "5s", not an integer`,
			`f:8:1: limits.wait_time: must be a duration like "500ms" or "5s"`,
			`f:9:1: limits.mailbox_bytes: must be a size like "64MiB" or a number of bytes (the units are B, KiB, MiB and GiB)`}},
		{"choices are listed", head + "[chain]\ndurability = \"disk\"\n[supervision]\non_error = \"\"\n", []string{
			`f:5:1: chain.durability: must be "async" or "sync" or "memory", not "disk"`,
			`f:7:1: supervision.on_error: must be "fail" or "continue", not ""`}},

		{"an unknown handler type lists what the build has", head + "[[handler]]\ntype = \"podman\"\n", []string{
			`f:5:1: handler[0].type: unknown handler type "podman" (known are message-server, runtime, tcp)`}},
		{"a mistyped handler type has a hint", head + "[[handler]]\ntype = \"message-sever\"\n", []string{
			`f:5:1: handler[0].type: unknown handler type "message-sever" (did you mean message-server?)`}},
		{"a handler without a type is refused", head + "[[handler]]\n", []string{
			"f:4:3: handler[0].type: is missing"}},
		{"a handler type must be text", head + "[[handler]]\ntype = 3\n", []string{
			"f:5:1: handler[0].type: must be a string, not an integer"}},
		{"handlers must be an array of tables", head + "[handler]\ntype = \"runtime\"\n", []string{
			"f:4:2: handler: must be an array of tables, not a table (write [[handler]])"}},
		{"a handler that is no table is refused", head + "handler = [ 1 ]\n", []string{
			"f:4:13: handler[0]: must be a table, not an integer"}},
		{"a second handler of a type is refused", head + "[[handler]]\ntype = \"tcp\"\n\n[[handler]]\ntype = \"tcp\"\n", []string{
			`f:7:3: handler[1]: a second handler of type "tcp" (the first is in line 4)`}},
		{"an unknown key of a handler is named with its place", head + "[[handler]]\ntype = \"runtime\"\n[[handler]]\ntype = \"message-server\"\nalow = []\nLabels = {}\n", []string{
			"f:8:1: handler[1].alow: unknown key (did you mean allow?)",
			"f:9:1: handler[1].Labels: unknown key (known are allow, mode, peer, peers, ratio, retries, tags, timeout)"}},
		{"a capability without keys takes none", head + "[[handler]]\ntype = \"runtime\"\nx = 1\n", []string{
			"f:6:1: handler[0].x: unknown key (no keys are known here)"}},
		{"wrong types deep in a handler are all reported", head + "[[handler]]\ntype = \"message-server\"\nallow = [\"/a\", 1,\n  true]\nretries = 256\nratio = \"x\"\ntimeout = 1\ntags = { a = 1 }\npeer = { port = \"x\", hos = 1 }\nmode = \"low\"\n[[handler.peers]]\nport = 1.5\n[[handler.peers]]\nport = -1\nhost = 2\n", []string{
			"f:6:16: handler[0].allow[1]: must be a string, not an integer",
			"f:7:3: handler[0].allow[2]: must be a string, not a boolean",
			"f:8:1: handler[0].retries: 256 is out of range",
			"f:9:1: handler[0].ratio: must be a number, not a string",
			`f:10:1: handler[0].timeout: must be a duration like "500ms" or "5s", not an integer`,
			"f:11:10: handler[0].tags.a: must be a string, not an integer",
			"f:12:10: handler[0].peer.port: must be an integer, not a string",
			"f:12:22: handler[0].peer.hos: unknown key (did you mean host?)",
			"f:13:1: handler[0].mode: must be upper case",
			"f:15:1: handler[0].peers[0].port: must be an integer, not a float",
			"f:18:1: handler[0].peers[1].host: must be a string, not an integer"}},
		{"an array in an array is placed at its key", head + "[[handler]]\ntype = \"message-server\"\nallow = [[\"x\"]]\n", []string{
			"f:6:1: handler[0].allow[0]: must be a string, not an array"}},
		{"a table below a later handler is placed there", head + "[[handler]]\ntype = \"runtime\"\n[[handler]]\ntype = \"message-server\"\n[[handler.peers]]\nport = true\n", []string{
			"f:9:1: handler[1].peers[0].port: must be an integer, not a boolean"}},
		{"an unsigned key is not negative", head + "[[handler]]\ntype = \"message-server\"\nretries = -1\n", []string{
			"f:6:1: handler[0].retries: must not be negative"}},
		{"a config that refuses itself is reported at its table", head + "[[handler]]\ntype = \"tcp\"\nmin = 11\n", []string{
			"f:4:3: handler[0]: min is larger than max"}},
		{"a config with a problem is not asked about the whole", head + "[[handler]]\ntype = \"tcp\"\nmin = 11\nmax = true\n", []string{
			"f:7:1: handler[0].max: must be an integer, not a boolean"}},

		{"an unknown capability has a hint", head + "[permission_policy]\nstor = { type = \"inherit\" }\nwarp = { type = \"inherit\" }\n", []string{
			"f:5:1: permission_policy.stor: unknown capability (did you mean store?)",
			"f:6:1: permission_policy.warp: unknown capability (known are environment, file_system, http_client, http_framework, message_server, process, random, runtime, store, supervisor, timing, tcp)"}},
		{"a policy needs one of three types", head + "[permission_policy]\nstore = { }\nrandom = { type = \"deny\" }\ntcp = true\n", []string{
			"f:5:1: permission_policy.store.type: is missing",
			`f:6:12: permission_policy.random.type: must be "inherit" or "disallow" or "restrict", not "deny"`,
			"f:7:1: permission_policy.tcp: must be a table, not a boolean"}},
		{"config goes with restrict and restrict with config", head + "[permission_policy]\nstore = { type = \"disallow\", config = {} }\ntcp = { type = \"restrict\" }\nruntime = { type = \"inherit\", confg = 1 }\n", []string{
			`f:5:30: permission_policy.store.config: goes with type = "restrict" only`,
			"f:6:1: permission_policy.tcp.config: is missing",
			"f:7:31: permission_policy.runtime.confg: unknown key (known are type)"}},
		{"a restriction that nothing would hold is refused", head + "[permission_policy.process]\ntype = \"restrict\"\nconfig = { max_processes = 1 }\n", []string{
			`f:4:20: permission_policy.process: this build has no handler for the capability, so nothing would hold the restriction (use "disallow")`}},
		{"a restriction is decoded strictly", head + "[permission_policy.tcp]\ntype = \"restrict\"\n[permission_policy.tcp.config]\nmx = 3\nmin = true\n", []string{
			"f:7:1: permission_policy.tcp.config.mx: unknown key (did you mean max?)",
			"f:8:1: permission_policy.tcp.config.min: must be an integer, not a boolean"}},
		{"a policy's config may be no table", head + "[permission_policy]\ntcp = { type = \"restrict\", config = 1 }\n", []string{
			"f:5:28: permission_policy.tcp.config: must be a table, not an integer"}},
		{"the policy itself must be a table", head + "permission_policy = 1\n", []string{
			"f:4:1: permission_policy: must be a table, not an integer"}},

		{"broken TOML is one problem with its place", head + "description = \"open\n", []string{
			"f:4:20: basic strings cannot have new lines"}},
		{"a key set twice is refused", head + "name = \"b\"\n", []string{
			"f:4:1: name: key name is already defined"}},
		{"a group opened twice is refused", head + "[chain]\n[chain]\n", []string{
			"f:5:2: chain: table chain already exists"}},
		{"a hostile key is escaped in the library's words too", head + "\"\\u001b[2J\" = 1\n\"\\u001b[2J\" = 1\n", []string{
			`f:5:1: "\x1b[2J": key \x1b[2J is already defined`}},
		{"a package path with a control character is refused", "name = \"a\"\nversion = \"1\"\npackage = \"a\\tb\"\n", []string{
			"f:3:1: package: must not contain control characters"}},
		{"a name that needs quotes is quoted", head + "\"a.b\" = 1\n\"\\u001b\" = 2\n", []string{
			`f:4:1: "a.b": unknown key`, `f:5:1: "\x1b": unknown key`}},
	}
	expectProblems(t, cases)
}

// problemCase is a manifest, read from a file f, and the lines of its error.
type problemCase struct {
	name, text string
	want       []string
}

func expectProblems(t *testing.T, cases []problemCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, err := manifest.Parse([]byte(c.text), "f", registry{})
			if err == nil || m != nil {
				t.Fatalf("got %+v, %v", m, err)
			}
			if got := strings.Split(err.Error(), "\n"); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", err, strings.Join(c.want, "\n"))
			}
			var one *manifest.Error
			if !errors.As(err, &one) || one.File != "f" {
				t.Errorf("no typed error: %v", err)
			}
		})
	}
}

func TestAHostileFileIsRefusedWithinBounds(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"a file over 1 MiB", strings.Repeat("#", 1<<20+1), "f: is larger than 1MiB"},
		{"nested arrays", "a = " + strings.Repeat("[", 40) + strings.Repeat("]", 40), "f:1:1: nested too deep (at most 10000 keys and 32 levels)"},
		{"nested arrays without end", "a = " + strings.Repeat("[", 1<<19), ""},
		{"nested inline tables", "a = " + strings.Repeat("{a=", 40) + "1" + strings.Repeat("}", 40), "f:1:99: nested too deep (at most 10000 keys and 32 levels)"},
		{"a dotted key without end", strings.Repeat("a.", 1000) + "a = 1", "f:1:65: nested too deep (at most 10000 keys and 32 levels)"},
		{"a dotted header", "[" + strings.Repeat("a.", 1000) + "a]", "f:1:66: nested too deep (at most 10000 keys and 32 levels)"},
		{"many tables", strings.Repeat("[[a]]\n", 20_000), "f:10001:3: too many keys (at most 10000 keys and 32 levels)"},
		{"not UTF-8", "name = \"\xff\"", ""},
		{"a NUL", "na\x00me = 1", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := manifest.Parse([]byte(c.text), "f", registry{})
			if err == nil || c.want != "" && err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestAFloodOfProblemsIsCut(t *testing.T) {
	var text strings.Builder
	for i := range 500 {
		text.WriteString("x" + strings.Repeat("y", i) + " = 1\n")
	}
	_, err := manifest.Parse([]byte(head+text.String()), "f", registry{})
	var all manifest.Errors
	if !errors.As(err, &all) || len(all) != 101 || all[100].Reason != "400 more problems" {
		t.Fatalf("got %d problems: %v", len(all), err)
	}
}

func TestErrorsKeepTheirCause(t *testing.T) {
	err := error(manifest.Errors{{File: "f", Reason: "r"}, {File: "f", Reason: "s", Err: fs.ErrNotExist}})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("the cause of the second problem is not found")
	}
}

func TestModesPrintAsManifestsWriteThem(t *testing.T) {
	for mode, want := range []string{"inherit", "disallow", "restrict", "invalid"} {
		if got := manifest.Mode(mode).String(); got != want {
			t.Errorf("mode %d prints %q", mode, got)
		}
	}
}
