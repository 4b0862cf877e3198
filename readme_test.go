package theater_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	blocks = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	target = regexp.MustCompile(`(?m)^([a-z]+):`)
	links  = regexp.MustCompile(`\]\(([^)#:]+)[^):]*\)`)
)

// snippets returns the blocks of the README that are marked as of a language.
func snippets(t *testing.T, language string) []string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, b := range blocks.FindAllStringSubmatch(string(readme), -1) {
		if b[1] == language {
			found = append(found, b[2])
		}
	}
	if len(found) == 0 {
		t.Fatalf("README.md has no %s block", language)
	}
	return found
}

// command is a line after "$ " and what is said to follow it.
type command struct {
	words  []string
	output string
}

func commands(block string) []command {
	var list []command
	for line := range strings.Lines(block) {
		if text, ok := strings.CutPrefix(line, "$ "); ok {
			text = strings.Replace(text, "go run ./cli/theater", "theater", 1)
			list = append(list, command{words: words(strings.TrimSpace(text))})
		} else {
			list[len(list)-1].output += line
		}
	}
	return list
}

// words splits a line as a shell does, as far as the README needs it.
func words(line string) []string {
	var list []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			list = append(list, part)
		} else {
			list = append(list, strings.Fields(part)...)
		}
	}
	return list
}

// theater builds the program once for a test.
func theater(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "theater.exe")
	if out, err := exec.Command("go", "build", "-o", binary, "./cli/theater").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

func TestTheCommandsOfTheReadmeDoWhatItSays(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program and guests")
	}
	binary := theater(t)
	work := t.TempDir()
	examples, err := filepath.Abs("examples")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_RUNTIME_DIR", work)
	t.Cleanup(func() { _ = exec.Command(binary, "node", "shutdown").Run() }) // where the README has not come so far
	for _, block := range snippets(t, "console") {
		for _, c := range commands(block) {
			if c.words[0] == "make" {
				if !slices.ContainsFunc(target.FindAllStringSubmatch(string(makefile), -1), func(m []string) bool { return m[1] == c.words[1] }) {
					t.Errorf("README.md: %q: the Makefile has no such target", c.words)
				}
				continue
			}
			args := slices.Clone(c.words[1:])
			for i, a := range args {
				if rest, ok := strings.CutPrefix(a, "examples/"); ok {
					args[i] = filepath.Join(examples, rest)
				}
			}
			run := exec.Command(binary, args...)
			run.Dir = work
			var stdout, stderr bytes.Buffer
			run.Stdout, run.Stderr = &stdout, &stderr
			if err := run.Run(); err != nil && !slices.Contains(c.words, "crash") {
				t.Errorf("README.md: %q: %v\n%s", c.words, err, &stderr)
			}
			if c.output != "" && stdout.String() != c.output {
				t.Errorf("README.md: %q prints\n%swhere it says\n%s%s", c.words, &stdout, c.output, &stderr)
			}
		}
	}
}

func TestTheProgramsOfTheReadmeBuild(t *testing.T) {
	programs := snippets(t, "go")
	if len(programs) != 2 {
		t.Fatalf("README.md has %d programs, want an actor and one that embeds actors", len(programs))
	}
	for i, env := range [][]string{{"GOOS=wasip1", "GOARCH=wasm"}, nil} {
		file := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(file, []byte(programs[i]), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("gofmt", "-l", file).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("README.md: program %d is not formatted: %s", i+1, out)
		}
		vet := exec.Command("go", "vet", file)
		vet.Env = append(os.Environ(), env...)
		if out, err := vet.CombinedOutput(); err != nil {
			t.Errorf("README.md: program %d: %v\n%s", i+1, err, out)
		}
	}
}

func TestTheLinksOfTheDocumentsLead(t *testing.T) {
	files, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "README.md", "CONTRIBUTING.md", "RATIONALE.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range links.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), link[1])); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}
