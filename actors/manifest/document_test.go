package manifest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors/manifest"
)

// settings is a struct as a program's own file fills it.
type settings struct {
	Name string        `toml:"name"`
	Wait time.Duration `toml:"wait"`
	List []string      `toml:"list"`
	Log  struct {
		Level string `toml:"level"`
	} `toml:"log"`
}

func TestADocumentFillsAStructAndKnowsWhereItsKeysStand(t *testing.T) {
	into := settings{Name: "before", Wait: time.Second}
	d, err := manifest.Decode([]byte("wait = \"5s\"\nlist = [\"a\", \"b\"]\n[log]\nlevel = \"info\"\n"), "theater.toml", &into)
	if err != nil {
		t.Fatal(err)
	}
	if into.Name != "before" || into.Wait != 5*time.Second || len(into.List) != 2 || into.Log.Level != "info" {
		t.Errorf("it is %+v", into)
	}
	for key, has := range map[string]bool{"wait": true, "log.level": true, "name": false, "log.format": false, "wait.level": false} {
		if d.Has(key) != has {
			t.Errorf("that it has %s is %v", key, !has)
		}
	}
	if got, want := d.Problem("log.level", "is wrong").Error(), "theater.toml:4:1: log.level: is wrong"; got != want {
		t.Errorf("a problem is %q, want %q", got, want)
	}
}

func TestAWrongDocumentIsRefusedWithAllThatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		wants []string
	}{
		"unknown keys":   {"nmae = \"x\"\n[log]\nlevl = \"x\"\n", []string{"theater.toml:1:1: nmae: unknown key (did you mean name?)", "theater.toml:3:1: log.levl: unknown key"}},
		"another type":   {"wait = 5\n", []string{"theater.toml:1:1: wait: must be a duration"}},
		"no table":       {"log = 5\n", []string{"theater.toml:1:1: log: must be a table, not an integer"}},
		"no TOML":        {"name = \n", []string{"theater.toml:1:"}},
		"a huge file":    {"name = \"" + strings.Repeat("x", 2<<20) + "\"\n", []string{"theater.toml: is larger than"}},
		"a deep nesting": {"list = " + strings.Repeat("[", 500) + "\n", []string{"theater.toml:1:"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := manifest.Decode([]byte(c.text), "theater.toml", &settings{})
			var problems manifest.Errors
			if !errors.As(err, &problems) || len(problems) != len(c.wants) {
				t.Fatalf("the problems are %v", err)
			}
			for i, want := range c.wants {
				if !strings.HasPrefix(problems[i].Error(), want) {
					t.Errorf("problem %d is %q, want %q", i, problems[i], want)
				}
			}
		})
	}
}
