package node_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
)

// environment looks into a map.
func environment(of map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := of[name]
		return value, ok
	}
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, from node.Sources) *node.Effective {
	t.Helper()
	e, err := node.LoadSettings(from)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func key(t *testing.T, name string) node.Key {
	t.Helper()
	for _, k := range node.Keys() {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("there is no key %s", name)
	panic("unreachable")
}

func TestFlagsGoBeforeTheEnvironmentBeforeTheFileBeforeTheDefault(t *testing.T) {
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "theater.toml"), `
drain = "1s"
node = "of-file"
memory = "1GiB"
[log]
level = "warn"
format = "json"
`)
	e := load(t, node.Sources{
		File:  file,
		Env:   environment(map[string]string{"THEATER_NODE": "of-env", "THEATER_LOG_LEVEL": "error", "THEATER_LOG_FORMAT": "", "THEATER_DATA": "/env"}),
		Flags: map[string][]string{"log-level": {"debug"}, "data": {"/flag"}},
	})
	for name, want := range map[string][3]string{
		"log.level":  {"debug", "flag", "--log-level"},
		"data":       {"/flag", "flag", "--data"},
		"node":       {"of-env", "env", "THEATER_NODE"},
		"drain":      {"1s", "file", file},
		"memory":     {"1GiB", "file", file},
		"log.format": {"json", "file", file}, // a variable that is empty says nothing
		"limits.rate": {
			"10000", "default", "",
		},
		"tokens": {"/flag/tokens", "default", ""}, // follows the data folder
	} {
		k := key(t, name)
		if o := e.Origin(k); e.Value(k) != want[0] || o.Source != want[1] || o.Name != want[2] {
			t.Errorf("%s is %q from %+v, want %q", name, e.Value(k), o, want)
		}
	}
	if e.Drain != time.Second || e.Memory != 1<<30 || e.Log.Level != "debug" {
		t.Errorf("the settings are %+v", e.Settings)
	}
}

func TestTheFileIsNamedByTheEnvironmentAndItsPathsAreItsOwn(t *testing.T) {
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "theater.toml"), "data = \"data\"\nsocket = \"/run/x.sock\"\nspawn = [\"shop\", \"/srv/other\"]\n[tls]\ncert = \"cert.pem\"\n")
	e := load(t, node.Sources{Env: environment(map[string]string{node.ConfigEnv: file})})
	if e.File != file || e.Data != filepath.Join(dir, "data") || e.Socket != "/run/x.sock" || e.TLS.Cert != filepath.Join(dir, "cert.pem") || e.TLS.Key != "" ||
		!slices.Equal(e.Spawn, []string{filepath.Join(dir, "shop"), "/srv/other"}) || e.Tokens != filepath.Join(dir, "data", "tokens") {
		t.Errorf("the settings are %+v", e.Settings)
	}
}

func TestASettingThatIsNoneIsRefusedWithWhereItStands(t *testing.T) {
	for name, c := range map[string]struct {
		file, env string
		flags     map[string][]string
		wants     []string
	}{
		"an unknown key":            {file: "drian = \"5s\"\n", wants: []string{"theater.toml:1:1: drian: unknown key (did you mean drain?)"}},
		"an unknown key in a table": {file: "[log]\nlevl = \"info\"\n", wants: []string{"theater.toml:2:1: log.levl: unknown key (did you mean level?)"}},
		"another type":              {file: "drain = 5\n", wants: []string{"theater.toml:1:1: drain: must be a duration"}},
		"a value beyond its bounds": {file: "\ndrain = \"5h\"\n", wants: []string{"theater.toml:2:1: drain: must be between 0s and 1h"}},
		"a size that is none":       {file: "memory = \"5 apples\"\n", wants: []string{`theater.toml:1:1: memory: must be a size like "64MiB"`}},
		"two at once":               {file: "listen = \"nowhere\"\nhttp = \":x\"\n", wants: []string{"theater.toml:1:1: listen: must be a host and a port", "theater.toml:2:1: http: must be"}},
		"a variable":                {env: "x", wants: []string{"THEATER_DRAIN: must be a duration"}},
		"flags":                     {flags: map[string][]string{"log-level": {"loud"}, "limits-rate": {"many"}}, wants: []string{"--limits-rate: must be a whole number", `--log-level: must be debug or info or warn or error, not "loud"`}},
		"all of them":               {file: "drian = \"5s\"\nsocket = \"\"\n", env: "x", flags: map[string][]string{"log-level": {"loud"}}, wants: []string{"theater.toml:1:1: drian: unknown key", "THEATER_DRAIN: must be a duration", "theater.toml:2:1: socket: must not be empty", "--log-level: must be debug"}},
		"a word that is none":       {flags: map[string][]string{"log-level": {"loud"}}, wants: []string{`--log-level: must be debug or info or warn or error, not "loud"`}},
		"an empty name":             {flags: map[string][]string{"socket": {""}, "data": {""}}, wants: []string{"--data: must not be empty", "--socket: must not be empty"}},
		"a name with control":       {flags: map[string][]string{"node": {"a\x1b[2J"}}, wants: []string{"--node: must not contain"}},
	} {
		t.Run(name, func(t *testing.T) {
			from := node.Sources{Flags: c.flags}
			if c.file != "" {
				from.File = write(t, filepath.Join(t.TempDir(), "theater.toml"), c.file)
			}
			if c.env != "" {
				from.Env = environment(map[string]string{"THEATER_DRAIN": c.env})
			}
			_, err := node.LoadSettings(from)
			if err == nil {
				t.Fatal("it is taken")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(c.wants) {
				t.Fatalf("it gives %q", lines)
			}
			for i, want := range c.wants {
				if !strings.Contains(lines[i], want) {
					t.Errorf("line %d is %q, want %q", i, lines[i], want)
				}
			}
		})
	}
}

func TestAFileThatCannotBeReadIsNamed(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{filepath.Join(dir, "none.toml"), dir} {
		if _, err := node.LoadSettings(node.Sources{File: file}); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s gives %v", file, err)
		}
	}
	if _, err := node.LoadSettings(node.Sources{File: filepath.Join(dir, "none.toml")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
	var problem *manifest.Error
	if _, err := node.LoadSettings(node.Sources{File: write(t, filepath.Join(dir, "bad.toml"), "data = \n")}); !errors.As(err, &problem) {
		t.Errorf("a file that is no TOML gives %v", err)
	}
}

// TestEveryFieldHasAKeyAndEveryKeyAField compares the table with the struct that files
// are decoded into.
func TestEveryFieldHasAKeyAndEveryKeyAField(t *testing.T) {
	var fields []string
	var walk func(reflect.Type, string)
	walk = func(of reflect.Type, table string) {
		for i := range of.NumField() {
			f := of.Field(i)
			name := table + f.Tag.Get("toml")
			if f.Type.Kind() == reflect.Struct {
				walk(f.Type, name+".")
			} else {
				fields = append(fields, name)
			}
		}
	}
	walk(reflect.TypeFor[node.Settings](), "")
	var names, flags, envs []string
	for _, k := range node.Keys() {
		if k.Type == "" || k.Default == "" || k.Meaning == "" {
			t.Errorf("%s is not documented: %+v", k.Name, k)
		}
		names, flags, envs = append(names, k.Name), append(flags, k.Flag()), append(envs, k.Env())
	}
	slices.Sort(fields)
	slices.Sort(names)
	if !slices.Equal(fields, names) {
		t.Errorf("the fields are\n%q, the keys\n%q", fields, names)
	}
	for _, list := range [][]string{flags, envs} {
		slices.Sort(list)
		if len(slices.Compact(list)) != len(names) {
			t.Errorf("two keys have one name: %q", list)
		}
	}
	for _, taken := range []string{"THEATER_ADDRESS", "THEATER_TOKEN", node.ConfigEnv} {
		if slices.Contains(envs, taken) {
			t.Errorf("%s says something else already", taken)
		}
	}
}

// TestEachKeyIsSetInEachWay gives every setting another value in the file, as a flag
// and in the environment, and expects the same of all three.
func TestEachKeyIsSetInEachWay(t *testing.T) {
	samples := map[string]string{"boolean": "true", "integer": "7", "duration": "9s", "size": "2MiB", "path": "/some/path", "paths": "/some/path"}
	special := map[string]string{
		"recover": "false", "durability": "sync", "listen": "127.0.0.1:1", "http": "127.0.0.1:2", "log.level": "error", "log.format": "text",
		"tls.client_scope": "read", "node": "other",
	}
	for _, k := range node.Keys() {
		value := special[k.Name]
		if value == "" {
			value = samples[k.Type]
		}
		text := value
		switch k.Type {
		case "paths":
			text = `["` + value + `"]`
		case "string", "path", "duration", "size":
			text = `"` + value + `"`
		}
		table, leaf := "", k.Name
		if before, after, ok := strings.Cut(k.Name, "."); ok {
			table, leaf = "["+before+"]\n", after
		}
		file := write(t, filepath.Join(t.TempDir(), "theater.toml"), table+leaf+" = "+text+"\n")
		for source, from := range map[string]node.Sources{
			"file": {File: file},
			"flag": {Flags: map[string][]string{k.Flag(): {value}}},
			"env":  {Env: environment(map[string]string{k.Env(): value})},
		} {
			e := load(t, from)
			if e.Value(k) != value || e.Origin(k).Source != source {
				t.Errorf("%s from the %s is %q of %+v, want %q", k.Name, source, e.Value(k), e.Origin(k), value)
			}
		}
		if load(t, node.Sources{}).Value(k) == value {
			t.Errorf("%s is %s by default, which shows nothing", k.Name, value)
		}
	}
}
