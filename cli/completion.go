package cli

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/urfave/cli/v2"
)

// completions are the scripts that make a shell ask theater __complete.
var completions = map[string]string{
	"bash": `_theater() {
    local word=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=($(compgen -W "$(theater __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "$word"))
    [[ ${COMPREPLY[0]} == */ ]] && compopt -o nospace
}
complete -o default -F _theater theater
`,
	"zsh": `#compdef theater
_theater() {
    local -a candidates
    candidates=(${(f)"$(theater __complete "${(@)words[2,CURRENT]}" 2>/dev/null)"})
    compadd -a candidates
    _files
}
compdef _theater theater
`,
	"fish": `complete -c theater -a '(theater __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
}

func (p *program) completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the script that completes commands and flags in a shell",
		UsageText: "theater completion bash|zsh|fish",
		Description: `Examples:
   source <(theater completion bash)
   theater completion fish > ~/.config/fish/completions/theater.fish`,
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1, "a shell: bash, zsh or fish")
			if err != nil {
				return err
			}
			script, ok := completions[args[0]]
			if !ok {
				return usagef("theater completion", "no completion for shell %q%s", args[0], suggest(args[0], []string{"bash", "zsh", "fish"}))
			}
			_, err = io.WriteString(p.out, script)
			return err
		},
	}
}

// complete answers the scripts: words are those typed so far, the last of which
// is to be completed. Where there is nothing to offer it offers nothing.
func (p *program) complete(app *cli.App, words []string) {
	if len(words) == 0 {
		return
	}
	last := words[len(words)-1]
	at, _, err := descend(app, words[:len(words)-1])
	if err != nil {
		return
	}
	candidates := at.commandNames()
	switch {
	case strings.HasPrefix(last, "-"):
		candidates = at.flagNames()
	case at.String() == "theater inspect":
		candidates = modulesAt(last)
	}
	for _, candidate := range candidates {
		if strings.HasPrefix(candidate, last) {
			fmt.Fprintln(p.out, candidate)
		}
	}
}

// modulesAt are the modules, and the folders, of which a path may be the
// beginning. Names that the scripts would take for several are left out.
func modulesAt(path string) []string {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		name := dir + e.Name()
		switch {
		case strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(base, "."):
		case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }):
		case e.IsDir():
			found = append(found, name+"/")
		case strings.HasSuffix(name, ".wasm"):
			found = append(found, name)
		}
	}
	return found
}
