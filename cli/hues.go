package cli

import (
	"hash/fnv"
	"os"
	"strconv"
)

// hues paints the paths of actors, each in a colour of its own, where somebody looks.
type hues struct {
	colour bool
	of     map[string]string // a path as it is shown
}

func (p *program) newHues() *hues {
	return &hues{of: map[string]string{}, colour: onTerminal(p.out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// maxHues is how many paths are remembered.
const maxHues = 10_000

// paint is a path in brackets, safe to be shown. The same path always has the same
// colour, one of six that are seen on any ground.
func (h *hues) paint(path string) string {
	if shown, ok := h.of[path]; ok {
		return shown
	}
	shown := "[" + escape(path) + "]"
	if h.colour {
		sum := fnv.New32a()
		sum.Write([]byte(path))
		shown = "\x1b[" + strconv.Itoa(31+int(sum.Sum32()%6)) + "m" + shown + "\x1b[0m"
	}
	if len(h.of) < maxHues {
		h.of[path] = shown
	}
	return shown
}
