//go:build unix

package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/theater-go/theater/cli"
)

// detached runs theater serve where the node that it starts is a shell script. The
// words that the script was given are in the file args, each in a line.
func detached(t *testing.T, script string, args ...string) (code int, told, dir string) {
	t.Helper()
	dir = t.TempDir()
	t.Chdir(dir)
	program := filepath.Join(dir, "node")
	text := "#!/bin/sh\nprintf '%s\\n' \"$@\" > args\n" + script + "\n"
	if err := os.WriteFile(program, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	code = cli.Run(context.Background(), append([]string{"serve"}, args...),
		cli.Console{In: strings.NewReader(""), Out: new(bytes.Buffer), Err: &stderr, Program: program})
	return code, stderr.String(), dir
}

func TestADetachedNodeIsNotAskedToDetach(t *testing.T) {
	for _, spelled := range []string{"--detach", "-d", "-detach", "--detach=true", "-d=1"} {
		t.Run(spelled, func(t *testing.T) {
			_, told, dir := detached(t, "exit 1", spelled, "--node", "-d", "--recover=false", "--spawn", "a=b", "--spawn=c d")
			words, err := os.ReadFile(filepath.Join(dir, "args"))
			if err != nil {
				t.Fatal(err, told)
			}
			const want = "serve\n--node=-d\n--recover=false\n--spawn=a=b\n--spawn=c d\n"
			if string(words) != want {
				t.Errorf("the node is started with\n%swant\n%s", words, want)
			}
		})
	}
}

func TestALogThatIsTooLongBeginsAnewAndTheOneBeforeIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node.log")
	appending, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer appending.Close()
	log := cli.BoundedLog(appending, path, 10)
	for _, line := range []string{"one\n", "two\n", "three\n", "four\n", "a line that is too long\n", "five\n"} {
		if _, err := log.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{path: "five\n", path + ".old": "a line that is too long\n"} {
		if text, err := os.ReadFile(name); string(text) != want {
			t.Errorf("%s has %q, %v, want %q", name, text, err, want)
		}
	}
	if left, err := filepath.Glob(path + "*"); len(left) != 2 {
		t.Errorf("there are %q, %v", left, err)
	}
}

func TestALogThatCannotBeginAnewGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node.log")
	var all bytes.Buffer
	log := cli.BoundedLog(&all, path, 1)
	for _, err := range []error{os.WriteFile(path, []byte("full"), 0o600), os.MkdirAll(path+".old.new", 0o700)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := log.Write([]byte("more\n")); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(path); string(text) != "full" || all.String() != "more\nmore\n" {
		t.Errorf("it has %q and %q, %v", text, all.String(), err)
	}
}

func TestWhyADetachedNodeIsNotReady(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		code   int
		told   string
	}{
		"an error among objects": {`echo '{"msg":"node starts"}' >&2; echo '{"msg":"node ends","error":"no way","hint":"go round"}' >&2; exit 6`, 6, "theater: no way\n  go round\n"},
		"an error with its hint": {`printf 'theater: no way\n  go round\n' >&2; exit 3`, 3, "theater: no way\n  go round\n"},
		"several errors":         {`printf 'a line\ntheater: no way\ntheater: none at all\n  go round\n' >&2; exit 1`, 1, "theater: no way\ntheater: none at all\n  go round\n"},
		"no error":               {`echo '{"msg":"node starts"}' >&2; exit 1`, 1, "theater: the node ended before it was ready: exit status 1\n  .theater/node.log is its log\n"},
		"not a word":             {`kill -9 $$`, 1, "theater: the node ended before it was ready: signal: killed\n  .theater/node.log is its log\n"},
	} {
		t.Run(name, func(t *testing.T) {
			code, told, _ := detached(t, c.script, "--detach")
			if code != c.code || told != c.told {
				t.Errorf("the code is %d, and it says\n%swant %d and\n%s", code, told, c.code, c.told)
			}
		})
	}
}
