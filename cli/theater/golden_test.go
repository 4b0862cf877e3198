package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write the golden files anew")

// volatile is what differs from run to run, and what golden files have for it.
var volatile = []struct {
	what *regexp.Regexp
	is   string
}{
	{regexp.MustCompile(`\bfuel +\d+ +\d+`), "fuel FUEL"},
	{regexp.MustCompile(`\d+ fuel\b`), "FUEL fuel"},
	{regexp.MustCompile(`\d+ (record|event)s?\b`), "N ${1}s"}, // the runtime of Go has its own rhythm
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "ID"},
	{regexp.MustCompile(`\b([0-9a-f]{64}|[0-9a-f]{12})\b`), "HASH"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{3})?`), "TIME"},
	{regexp.MustCompile(`\b(\d+h)?(\d+m)?[\d.]+(ns|µs|ms|s)\b`), "SPAN"},
	{regexp.MustCompile(`\b[\d.]+ [KM]?i?B\b`), "SIZE"},
	{regexp.MustCompile(`process \d+`), "process PID"},
	{regexp.MustCompile(` at 0x[0-9a-f]+`), " at ADDRESS"},
	{regexp.MustCompile(`  +`), "  "}, // columns are as wide as what is in them
}

// golden is the command of scripts that compares what was printed with a file:
// golden [stderr] FILE.
func golden(ts *testscript.TestScript, neg bool, args []string) {
	stream := "stdout"
	if len(args) == 2 && args[0] == "stderr" {
		stream, args = args[0], args[1:]
	}
	if neg || len(args) != 1 {
		ts.Fatalf("usage: golden [stderr] FILE")
	}
	text := strings.ReplaceAll(ts.ReadFile(stream), ts.Getenv("WORK"), "$WORK")
	for _, v := range volatile {
		text = v.what.ReplaceAllString(text, v.is)
	}
	file := filepath.Join(ts.Getenv("GOLDEN"), args[0])
	if *update {
		ts.Check(os.MkdirAll(filepath.Dir(file), 0o777))
		ts.Check(os.WriteFile(file, []byte(text), 0o666))
		return
	}
	want, err := os.ReadFile(file)
	ts.Check(err)
	if text != string(want) {
		ts.Fatalf("%s is not as in %s; it is\n%s\nand should be\n%s", stream, args[0], text, want)
	}
}
