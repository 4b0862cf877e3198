package node

import (
	"fmt"
	"github.com/theater-go/theater/actors/manifest"
	"os"
	"path/filepath"
	"time"
)

// Settings are what a daemon is told: by its flags, else by the environment, else by
// its file, else by default. See Keys.
type Settings struct {
	Node       string        `toml:"node"`
	Data       string        `toml:"data"`
	Durability string        `toml:"durability"`
	Cache      string        `toml:"cache"`
	Memory     Size          `toml:"memory"`
	Recover    bool          `toml:"recover"`
	Spawn      []string      `toml:"spawn"`
	Drain      time.Duration `toml:"drain"`

	Socket string      `toml:"socket"`
	Listen string      `toml:"listen"`
	HTTP   string      `toml:"http"`
	Tokens string      `toml:"tokens"`
	TLS    TLSFiles    `toml:"tls"`
	Limits APILimits   `toml:"limits"`
	Log    LogSettings `toml:"log"`
}

// TLSFiles name what the node shows and trusts on TCP, in PEM.
type TLSFiles struct {
	Cert        string `toml:"cert"`
	Key         string `toml:"key"`
	ClientCA    string `toml:"client_ca"`
	ClientScope string `toml:"client_scope"`
}

// APILimits bound what callers of the management API may ask for.
type APILimits struct {
	RequestBytes Size          `toml:"request_bytes"`
	RequestTime  time.Duration `toml:"request_time"`
	Rate         int           `toml:"rate"`
	Burst        int           `toml:"burst"`
}

// LogSettings say what is logged, and how.
type LogSettings struct {
	Level  string `toml:"level"`
	Format string `toml:"format"`
	Guests bool   `toml:"guests"`
}

// Off is the word for a listener that is not wanted.
const Off = "off"

// Size is a number of bytes, written as manifests write it: 64MiB.
type Size int64

// UnmarshalText reads a size. The error says what is wrong with one.
func (s *Size) UnmarshalText(text []byte) error {
	if string(text) == "0" {
		*s = 0
		return nil
	}
	n, ok := manifest.ParseSize(string(text))
	if !ok {
		return fmt.Errorf(`must be a size like "64MiB"`)
	}
	*s = Size(n)
	return nil
}

// MarshalText writes it as UnmarshalText reads it.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String is the size in the largest unit that divides it.
func (s Size) String() string {
	for _, u := range []struct {
		name  string
		bytes Size
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if s != 0 && s%u.bytes == 0 {
			return fmt.Sprintf("%d%s", s/u.bytes, u.name)
		}
	}
	if s == 0 {
		return "0"
	}
	return fmt.Sprintf("%dB", int64(s))
}

// DefaultSettings are those of a daemon that is told nothing. Some are the machine's:
// its name, and the folders of the user.
func DefaultSettings() Settings {
	s := Settings{
		Node: "theater", Data: ".theater", Recover: true, Drain: 10 * time.Second,
		Socket: DefaultSocket(), Listen: Off, HTTP: Off,
		TLS:    TLSFiles{ClientScope: "operate"},
		Limits: APILimits{RequestBytes: 16 << 20, RequestTime: 10 * time.Minute, Rate: 10_000, Burst: 10_000},
		Log:    LogSettings{Level: "info", Format: "auto"},
	}
	if name, err := os.Hostname(); err == nil && isWord(name) == "" {
		s.Node = name
	}
	if dir, err := os.UserCacheDir(); err == nil {
		s.Cache = filepath.Join(dir, "theater", "wasm")
	}
	s.Tokens = filepath.Join(s.Data, "tokens")
	return s
}
