package bench

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// ErrUnknown is returned for a name that no row has.
var ErrUnknown = errors.New("no such benchmark")

// Row is the outcome of one benchmark.
type Row struct {
	Name     string   `json:"name"`
	Value    float64  `json:"value"` // per second, in Unit; higher is better
	Unit     string   `json:"unit"`
	Baseline *float64 `json:"baseline"` // the baseline's value in Unit; nil without one
	Ratio    *float64 `json:"ratio"`    // Value ÷ Baseline; nil without one
}

// row says how a line of the table is measured.
type row struct {
	name, unit string
	doc        string // one line: what is measured against what
	open       func(context.Context, settings) (*contest, error)
	// parts are rows of which the one with the lowest ratio counts, under the
	// row's name; nil where the row is one contest.
	parts []row
}

// settings are how much is measured.
type settings struct {
	rounds   int           // of each side; the median counts
	round    time.Duration // how long a round takes, about
	pairs    int           // of actors in pingpong-async
	relays   int           // in send-burst-async
	counters int           // actors in recording
	spawned  int           // actors in a round of spawn, at most
	machines int           // in restart and restart-reset
	lines    int           // actors in append-async and append-sync
	asked    int           // actors in turns-sync
	verified int           // events of the chain in chain-verify
	segment  int64         // bytes of the file of the baseline segment-file

	gopher *gopher      // has the Go guest
	tell   func(string) // progress, in words; nil drops it
}

func (s settings) say(words string) {
	if s.tell != nil {
		s.tell(words)
	}
}

// defaultSettings let the whole table run in about a minute.
var defaultSettings = settings{
	rounds: 7, round: 200 * time.Millisecond,
	pairs: 256, relays: 8, counters: 8, spawned: 2048, machines: 64,
	lines: 1024, asked: 1000, verified: 60_000, segment: 256 << 20,
}

// table holds every row, in the order in which they are shown.
func table() []row {
	return []row{codecRow, pingpongRow, pingpongOneRow, turnRow, sendRow, burstRow, recordingRow, fuelRow,
		spawnRow, restartRow, resetRow,
		appendAsyncRow, appendSyncRow, turnsSyncRow, verifyRow}
}

// Names lists the benchmarks; each name is there once.
func Names() []string {
	var names []string
	for _, r := range table() {
		names = append(names, r.name)
	}
	return names
}

// Describe says in one line what a benchmark measures and against what, or
// nothing when there is no such benchmark.
func Describe(name string) string {
	for _, r := range table() {
		if r.name == name {
			return r.doc
		}
	}
	return ""
}

// Run measures the named benchmarks, or all when none is named, one after the
// other; a name given twice is measured once. progress, which may be nil, is
// told in words before each. Data folders are made below the folder for
// temporary files and are removed.
//
// The rows recording and fuel have a guest in Go that is built first. Without a
// go command one that is named is exec.ErrNotFound; when none is named they are
// left out, which progress is told. So is, in restart, the baseline in Erlang
// without an erl command.
func Run(ctx context.Context, names []string, progress func(string)) ([]Row, error) {
	return defaultSettings.run(ctx, names, progress)
}

func (s settings) run(ctx context.Context, names []string, progress func(string)) (rows []Row, err error) {
	chosen, err := choose(names)
	if err != nil {
		return nil, err
	}
	s.gopher, s.tell = &gopher{}, progress
	defer func() { err = errors.Join(err, s.gopher.close()) }()
	for _, r := range chosen {
		s.say(r.name + ": " + r.doc)
		measured, err := r.measure(ctx, s)
		if errors.Is(err, exec.ErrNotFound) && len(names) == 0 {
			s.say(fmt.Sprintf("%s is left out: %v", r.name, err))
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.name, err)
		}
		rows = append(rows, measured)
	}
	return rows, nil
}

func choose(names []string) ([]row, error) {
	all := table()
	if len(names) == 0 {
		return all, nil
	}
	var chosen []row
	for i, name := range names {
		at := slices.IndexFunc(all, func(r row) bool { return r.name == name })
		if at < 0 {
			return nil, fmt.Errorf("%w: %q; there are %s", ErrUnknown, name, strings.Join(Names(), ", "))
		}
		if !slices.Contains(names[:i], name) {
			chosen = append(chosen, all[at])
		}
	}
	return chosen, nil
}
