package cli

import (
	"fmt"
	"strconv"
	"strings"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// filterFlag collects the conditions of --filter.
type filterFlag struct {
	theaterv1.Filter
	set map[string]bool // the keys that may be there once
}

// filterKeys are those that a condition may begin with.
var filterKeys = []string{"status", "name", "path", "module", "restarts", "under"}

// liveStatuses are those of actors that live.
var liveStatuses = []string{"starting", "running", "restarting", "stopping"}

// Set is called by the flag parser.
func (f *filterFlag) Set(condition string) error {
	key, value, ok := strings.Cut(condition, "=")
	if key == "restarts" && ok {
		return fmt.Errorf("write it as restarts>=%s: so many or more", value)
	}
	key, least := strings.CutSuffix(key, ">")
	switch {
	case !ok || value == "":
		return fmt.Errorf("it is KEY=VALUE, with one of the keys %s", strings.Join(filterKeys, ", "))
	case least != (key == "restarts"):
		return fmt.Errorf("a condition on %s is %s=VALUE", key, key)
	case key != "status" && f.set[key]:
		return fmt.Errorf("there is one on %s already", key)
	}
	if f.set == nil {
		f.set = map[string]bool{}
	}
	f.set[key] = true
	switch key {
	case "status":
		f.Statuses = append(f.Statuses, value)
	case "name":
		f.Name = value
	case "path":
		f.Path = value
	case "module":
		f.Module = value
	case "under":
		f.Under = value
	case "restarts":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is no number of restarts", value)
		}
		f.MinRestarts = n
	default:
		return fmt.Errorf("there is no key %s%s", key, suggest(key, filterKeys))
	}
	return nil
}

// String is the default in help texts.
func (f *filterFlag) String() string { return "" }

const filterText = `A CONDITION is one of these; an actor is shown for which all of them hold:
   status=WORD    starting, running, restarting, stopping or ended; of several one
   name=PATTERN   with * for any text and ? for any character
   path=PATTERN   the same
   module=SHA256  or how it begins
   restarts>=N    it has started again so often
   under=TARGET   it is this actor or below it`
