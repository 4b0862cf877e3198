package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/theater-go/theater/cli"
)

// jsonOutput says which schema of docs/schemas holds for what a command writes with
// -o json.
type jsonOutput struct {
	command string // without theater
	flags   string // of which one is there; separated by blanks, "" is any
	schema  string // without .json
	stream  bool   // there are several values, of which it holds for each
}

// jsonOutputs are those of all commands; the first that fits counts. Every result in
// JSON of a script is held against its schema.
var jsonOutputs = []jsonOutput{
	{"bench", "", "bench", false},
	{"build", "", "build", false},
	{"call", "", "call", false},
	{"chain list", "", "chain-list", false},
	{"chain show", "", "chain-show", false},
	{"chain verify", "", "chain-verify", false},
	{"data backup", "", "data-backup", false},
	{"data convert", "", "data-convert", false},
	{"data info", "", "data-info", false},
	{"data repair", "", "data-repair", false},
	{"data restore", "", "data-restore", false},
	{"doctor", "", "doctor", false},
	{"events", "-f --follow", "events-follow", true},
	{"events", "", "events", false},
	{"inspect", ".wasm", "inspect-module", false},
	{"inspect", "", "inspect-actor", false},
	{"kill", "", "kill", false},
	{"node drain", "", "node-drain", false},
	{"node info", "", "node-info", false},
	{"node shutdown", "", "node-shutdown", false},
	{"logs", "-f --follow", "logs-follow", true},
	{"logs", "", "logs", false},
	{"ps", "-w --watch", "ps-watch", true},
	{"ps", "-a --all", "ps-all", false},
	{"ps", "", "ps", false},
	{"replay", "--print=event", "chain-show", false},
	{"replay", "", "replay", false},
	{"request", "", "request", false},
	{"restart", "", "restart", false},
	{"run", "--tree", "run-tree", false},
	{"run", "", "run", true},
	{"send", "", "send", false},
	{"serve", "", "serve-check-config", false},
	{"spawn", "", "spawn", false},
	{"state", "", "state", false},
	{"stop", "", "stop", false},
	{"token create", "", "token-create", false},
	{"token list", "", "token-list", false},
	{"token revoke", "", "token-revoke", false},
	{"tree", "", "tree", false},
	{"validate", "", "validate", false},
	{"version", "", "version", false},
}

// outputOf finds what a command line writes in JSON; ok is false where it writes none.
func outputOf(args []string) (o jsonOutput, ok bool, err error) {
	asked := slices.ContainsFunc(args, func(a string) bool { return a == "-o=json" || a == "--output=json" })
	for i := range args[:max(len(args)-1, 0)] {
		asked = asked || (args[i] == "-o" || args[i] == "--output") && args[i+1] == "json"
	}
	if !asked || strings.HasPrefix(args[0], "__complete") {
		return o, false, nil
	}
	line := strings.Join(args, " ") + " "
	for _, o := range jsonOutputs {
		fits := o.flags == ""
		for _, flag := range strings.Fields(o.flags) {
			fits = fits || slices.ContainsFunc(args, func(a string) bool { return a == flag || strings.HasPrefix(flag, ".") && strings.HasSuffix(a, flag) })
		}
		if fits && strings.HasPrefix(line, o.command+" ") {
			return o, true, nil
		}
	}
	return o, false, fmt.Errorf("theater %s: jsonOutputs names no schema", args[0])
}

// schemaEnv is the environment variable with the folder of the schemas.
const schemaEnv = "THEATER_TEST_SCHEMAS"

// checkedRun runs a command of a script, and holds what it writes in JSON against its
// schema. What is not as it says is the end of the script.
func checkedRun(args []string, run func(out io.Writer) int) int {
	o, ok, err := outputOf(args)
	if err == nil && !ok {
		return run(os.Stdout)
	}
	var written bytes.Buffer
	code := run(io.MultiWriter(os.Stdout, &written))
	if err == nil {
		err = o.check(os.Getenv(schemaEnv), written.Bytes())
	}
	if err != nil && written.Len() > 0 {
		fmt.Fprintf(os.Stderr, "SCHEMA: %v\n", err)
		return 99
	}
	return code
}

// schemaURL is what the names of schemas begin with.
const schemaURL = "https://raw.githubusercontent.com/theater-go/theater/main/docs/schemas/"

// schemaFolder has the schemas under the ends of their names.
type schemaFolder string

func (f schemaFolder) Load(url string) (any, error) {
	file, err := os.Open(filepath.Join(string(f), strings.TrimPrefix(url, schemaURL)))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return jsonschema.UnmarshalJSON(file)
}

func compiler(dir string) *jsonschema.Compiler {
	c := jsonschema.NewCompiler()
	c.UseLoader(schemaFolder(dir))
	c.AssertFormat()
	return c
}

// check holds an output against its schema.
func (o jsonOutput) check(dir string, output []byte) error {
	schema, err := compiler(dir).Compile(schemaURL + o.schema + ".json")
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(output))
	d.UseNumber()
	for n := 0; ; n++ {
		var v any
		switch err := d.Decode(&v); {
		case errors.Is(err, io.EOF) && (n == 1 || o.stream):
			return nil
		case err != nil:
			return fmt.Errorf("value %d of %s: %w", n, o.command, err)
		case n == 1 && !o.stream:
			return fmt.Errorf("%s writes more than one value", o.command)
		}
		if err := schema.Validate(v); err != nil {
			return err
		}
	}
}

const schemaDir = "../docs/schemas"

func TestEverySchemaIsOneAndIsOfACommand(t *testing.T) {
	page, err := os.ReadFile("../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{"common": true}
	for _, o := range jsonOutputs {
		used[o.schema] = true
		if !bytes.Contains(page, []byte("](schemas/"+o.schema+".json)")) {
			t.Errorf("docs/cli.md does not name the schema %s.json", o.schema)
		}
	}
	names, err := fs.Glob(os.DirFS(schemaDir), "*.json")
	if err != nil {
		t.Fatal(err)
	}
	c := compiler(schemaDir)
	for _, name := range names {
		schema, err := c.Compile(schemaURL + name)
		if err != nil {
			t.Fatal(err)
		}
		if schema.DraftVersion != 2020 || schema.Title == "" || schema.ID != schemaURL+name {
			t.Errorf("%s: draft %d, title %q, id %s", name, schema.DraftVersion, schema.Title, schema.ID)
		}
		if stem := strings.TrimSuffix(name, ".json"); !used[stem] {
			t.Errorf("%s is of no command in jsonOutputs", name)
		}
		delete(used, strings.TrimSuffix(name, ".json"))
	}
	for name := range used {
		t.Errorf("there is no %s.json", name)
	}
}

func TestEveryCommandThatWritesJSONHasASchema(t *testing.T) {
	for _, command := range cli.CommandsWithJSON() {
		if _, ok, err := outputOf(append(strings.Fields(command), "-o", "json")); !ok {
			t.Errorf("%s: %v", command, err)
		}
	}
}

func TestAnOutputThatBreaksItsSchemaIsSeen(t *testing.T) {
	o, _, err := outputOf([]string{"send", "/a", "x", "-o", "json"})
	if err != nil {
		t.Fatal(err)
	}
	for output, good := range map[string]bool{
		`{"target": "/a", "bytes": 1}`:                                  true,
		`{"target": "/a", "bytes": -1}`:                                 false,
		`{"target": "/a"}`:                                              false,
		`{"target": "/a", "bytes": 1, "more": 1}`:                       false,
		`{"target": "/a", "bytes": 1}` + `{"target": "/a", "bytes": 1}`: false,
		`{"target": "/a", "bytes": 1`:                                   false,
		``:                                                              false,
	} {
		if err := o.check(schemaDir, []byte(output)); (err == nil) != good {
			t.Errorf("%s: %v", output, err)
		}
	}
}
