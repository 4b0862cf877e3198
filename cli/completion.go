package cli

import (
	"cmp"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/urfave/cli/v2"
)

// completions are the scripts that make a shell ask theater __complete. It answers a
// line for each candidate, and :files where the shell may offer files as well. Names of
// actors are any text: a script never has the shell read them as its own language.
var completions = map[string]string{
	"bash": `_theater() {
    local word=${COMP_WORDS[COMP_CWORD]} line
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
        :files) type compopt &>/dev/null && compopt -o default ;;
        *[/=]) type compopt &>/dev/null && compopt -o nospace ;;&
        *)
            case $word in
            [\"\']*) [[ $line == *[!A-Za-z0-9_./~-]* ]] && continue ;;
            *) printf -v line %q "$line" ;;
            esac
            COMPREPLY+=("$line") ;;
        esac
    done < <(theater __complete-bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _theater theater
`,
	"zsh": `#compdef theater
_theater() {
    local -a whole parts
    local line files
    for line in "${(@f)$(theater __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
        case $line in
            '') ;;
            :files) files=1 ;;
            *[/=]) parts+=("$line") ;;
            *) whole+=("$line") ;;
        esac
    done
    compadd -a whole
    compadd -S '' -a parts
    [[ -n $files ]] && _files
}
if [[ $funcstack[1] == _theater ]]; then
    _theater "$@"
else
    compdef _theater theater
fi
`,
	"fish": `function __theater_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -q last[1]; or set last ''
    for line in (theater __complete $words[2..] $last 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path $last
        else
            printf '%s\n' $line
        end
    end
end
complete -c theater -f -a '(__theater_complete)'
`,
}

const completionText = `The shell then completes commands, flags, words that a flag takes, and the names of
actors that live, which it asks the node for: that of THEATER_ADDRESS or of this user,
or the one of --address where that is typed already. A node that does not answer within
a fifth of a second is not waited for.

Examples, for this shell and for those that start later:
   bash   source <(theater completion bash)
          the same line in ~/.bashrc
   zsh    source <(theater completion zsh)
          theater completion zsh > "${fpath[1]}/_theater"
   fish   theater completion fish | source
          theater completion fish > ~/.config/fish/completions/theater.fish`

func (p *program) completionCommand() *cli.Command {
	return &cli.Command{
		Name:        "completion",
		Usage:       "print the script that completes commands and flags in a shell",
		UsageText:   "theater completion bash|zsh|fish",
		Description: completionText,
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
