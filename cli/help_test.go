package cli_test

import (
	"strings"
	"testing"

	"github.com/theater-go/theater/cli"
)

func TestEveryCommandHasExamples(t *testing.T) {
	texts := cli.HelpOf()
	if len(texts) < 30 {
		t.Errorf("there are %d commands", len(texts))
	}
	for name, text := range texts {
		_, examples, ok := strings.Cut(text, "Examples")
		if word, _, _ := strings.Cut(name, " "); !ok || !strings.Contains(examples, "theater "+word) {
			t.Errorf("theater %s --help has no examples", name)
		}
	}
}

func TestEveryCommandIsFoundByItsName(t *testing.T) {
	if wrong := cli.MisnamedCommands(); len(wrong) > 0 {
		t.Errorf("the table of commands has other names for %q", wrong)
	}
}
