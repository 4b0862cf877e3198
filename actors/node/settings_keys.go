package node

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Key documents one setting. It has one name in the file, one as a flag and one in
// the environment.
type Key struct {
	// Name in the file, with the table that it stands in: log.level.
	Name string
	// Type is string, boolean, integer, duration, size, path or paths.
	Type string
	// Default as people read it.
	Default string
	// Meaning in a sentence or two.
	Meaning string
}

// words are those of the keys whose value is one of several.
var words = map[string][]string{
	"durability":       {"async", "sync"},
	"tls.client_scope": {"read", "operate", "admin"},
	"log.level":        {"debug", "info", "warn", "error"},
	"log.format":       {"auto", "text", "json"},
}

// Words are what the value is one of; there are none where it may be anything.
func (k Key) Words() []string { return words[k.Name] }

// Flag is the key's name on the command line, without the dashes: log-level.
func (k Key) Flag() string { return strings.NewReplacer(".", "-", "_", "-").Replace(k.Name) }

// Env is the key's name in the environment: THEATER_LOG_LEVEL.
func (k Key) Env() string {
	return "THEATER_" + strings.ToUpper(strings.ReplaceAll(k.Name, ".", "_"))
}

// Keys lists all settings, in the order in which they are documented.
func Keys() []Key {
	var keys []Key
	for _, s := range settings {
		keys = append(keys, s.Key)
	}
	return keys
}

// setting is a key with the place of its value.
type setting struct {
	Key
	field func(*Settings) any
	// check says what is wrong with the value, or "". nil allows all.
	check func(*Settings) string
}

var settings = []setting{
	{Key{"node", "string", "the machine's name", "Name of the node, for people: in its logs and in what it says of itself."},
		func(s *Settings) any { return &s.Node }, func(s *Settings) string { return isWord(s.Node) }},
	{Key{"data", "path", ".theater", "The data folder, which holds the chains. It is made when it does not exist, and locked while the node runs."},
		func(s *Settings) any { return &s.Data }, func(s *Settings) string { return notEmpty(s.Data) }},
	{Key{"durability", "string", "the folder's, async for a new one", "What an acknowledged record survives: with `async` the death of the process, with `sync` a power cut. It is fixed when the folder is made."},
		func(s *Settings) any { return &s.Durability }, func(s *Settings) string { return oneOfWords("durability", s.Durability) }},
	{Key{"cache", "path", "theater/wasm in the user's cache folder", "The folder of compiled modules. Without one they are compiled again by each start."},
		func(s *Settings) any { return &s.Cache }, nil},
	{Key{"memory", "size", "0", "Linear memory that all actors together may have; 0 is no bound."},
		func(s *Settings) any { return &s.Memory }, nil},
	{Key{"recover", "boolean", "true", "Bring the actors back that an earlier node left suspended, or that were cut off with it."},
		func(s *Settings) any { return &s.Recover }, nil},
	{Key{"spawn", "paths", "none", "Manifests, or folders with one, that are started when the node is ready, unless an actor is at their path. In the environment they are separated as in PATH."},
		func(s *Settings) any { return &s.Spawn }, nil},
	{Key{"drain", "duration", "10s", "How long the messages that wait are still handled when the node ends. What runs then, and a second longer, is cut off."},
		func(s *Settings) any { return &s.Drain }, func(s *Settings) string { return between(s.Drain, 0, time.Hour) }},

	{Key{"socket", "path", "theater/theater.sock in the runtime folder", "The unix socket of the management API. It is made with mode 0600: who may open it may do everything."},
		func(s *Settings) any { return &s.Socket }, func(s *Settings) string { return notEmpty(s.Socket) }},
	{Key{"listen", "string", "off", "Host and port of the management API for other machines, such as `0.0.0.0:7443`. It needs `tls.cert` and `tls.key`, and either `tls.client_ca` or tokens."},
		func(s *Settings) any { return &s.Listen }, func(s *Settings) string { return isAddress(s.Listen) }},
	{Key{"http", "string", "off", "Host and port of /metrics, /healthz and /readyz in plain HTTP, such as `127.0.0.1:9464`. Nobody is asked who he is there. The unix socket has them too."},
		func(s *Settings) any { return &s.HTTP }, func(s *Settings) string { return isAddress(s.HTTP) }},
	{Key{"tokens", "path", "tokens in the data folder", "The folder of the tokens with which others may call the API; `theater token` makes them. It holds no secret, only hashes. What is made or revoked there holds at once."},
		func(s *Settings) any { return &s.Tokens }, func(s *Settings) string { return notEmpty(s.Tokens) }},
	{Key{"tls.cert", "path", "none", "The node's certificate, with those between it and its authority."},
		func(s *Settings) any { return &s.TLS.Cert }, nil},
	{Key{"tls.key", "path", "none", "The key of the certificate."},
		func(s *Settings) any { return &s.TLS.Key }, nil},
	{Key{"tls.client_ca", "path", "none", "The authorities whose certificates let a caller in without a token."},
		func(s *Settings) any { return &s.TLS.ClientCA }, nil},
	{Key{"tls.client_scope", "string", "operate", "What such callers may do: `read`, `operate` or `admin`."},
		func(s *Settings) any { return &s.TLS.ClientScope }, func(s *Settings) string { return oneOfWords("tls.client_scope", s.TLS.ClientScope) }},
	{Key{"limits.request_bytes", "size", "16MiB", "The largest request to the API."},
		func(s *Settings) any { return &s.Limits.RequestBytes }, func(s *Settings) string { return between(s.Limits.RequestBytes, 1<<10, 1<<30) }},
	{Key{"limits.request_time", "duration", "10m", "The longest time that a request to the API may take; streams are not held to it."},
		func(s *Settings) any { return &s.Limits.RequestTime }, func(s *Settings) string { return between(s.Limits.RequestTime, time.Second, 24*time.Hour) }},
	{Key{"limits.rate", "integer", "10000", "Requests a second that a caller may make on average. All who use the unix socket are one caller."},
		func(s *Settings) any { return &s.Limits.Rate }, func(s *Settings) string { return between(s.Limits.Rate, 1, 1_000_000) }},
	{Key{"limits.burst", "integer", "10000", "Requests that a caller may make at once before the rate holds it."},
		func(s *Settings) any { return &s.Limits.Burst }, func(s *Settings) string { return between(s.Limits.Burst, 1, 1_000_000) }},
	{Key{"log.level", "string", "info", "What is logged: `debug`, `info`, `warn` or `error`, and what is worse."},
		func(s *Settings) any { return &s.Log.Level }, func(s *Settings) string { return oneOfWords("log.level", s.Log.Level) }},
	{Key{"log.format", "string", "auto", "`text`, `json` with one object a line, or `auto`: text on a terminal, else json."},
		func(s *Settings) any { return &s.Log.Format }, func(s *Settings) string { return oneOfWords("log.format", s.Log.Format) }},
	{Key{"log.guests", "boolean", "false", "Log the lines that guests write at level info instead of debug."},
		func(s *Settings) any { return &s.Log.Guests }, nil},
}

func notEmpty(text string) string {
	if text == "" {
		return "must not be empty"
	}
	return ""
}

// isWord allows a name that is shown in one line.
func isWord(text string) string {
	if printable := strconv.QuoteToGraphic(text); printable != `"`+text+`"` {
		return "must not contain quotes and control characters"
	}
	return notEmpty(text)
}

func isAddress(text string) string {
	const want = "must be a host and a port such as 127.0.0.1:9464, or off"
	if text == Off {
		return ""
	}
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return want
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return want
	}
	return ""
}

// oneOfWords allows the words of a key; where nothing is a default, that too.
func oneOfWords(key, word string) string {
	if slices.Contains(words[key], word) || word == "" && key == "durability" {
		return ""
	}
	return fmt.Sprintf("must be %s, not %.40q", strings.Join(words[key], " or "), word)
}

func between[T Size | time.Duration | int](v, low, high T) string {
	if v < low || v > high {
		return "must be between " + textOf(&low) + " and " + textOf(&high)
	}
	return ""
}
