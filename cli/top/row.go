package top

import (
	"strings"
	"time"
)

// row is an actor at its place in the tree.
type row struct {
	Actor
	name     string // the last part of its path; the whole path of one at the top
	depth    int    // how many are above it
	parent   int    // the place of the one above, -1 for none
	below    int    // how many are below it
	turnRate float64
	fuelRate float64
}

// rowsOf puts actors, each of which comes before those below it, into a tree. One
// whose parent is not there is at the top.
func rowsOf(all []Actor) []row {
	rows := make([]row, len(all))
	var above []int // the places of those above the last one
	for i, a := range all {
		for len(above) > 0 && !strings.HasPrefix(a.Path, rows[above[len(above)-1]].Path+"/") {
			above = above[:len(above)-1]
		}
		r := row{Actor: a, name: a.Path, depth: len(above), parent: -1}
		if len(above) > 0 {
			r.parent = above[len(above)-1]
			r.name = strings.TrimPrefix(a.Path, rows[r.parent].Path+"/")
		}
		for _, up := range above {
			rows[up].below++
		}
		rows[i] = r
		above = append(above, i)
	}
	return rows
}

// counters are what rates are made of.
type counters struct{ turns, fuel int64 }

// rates tells how fast actors were between two looks.
type rates struct {
	at    time.Time // of the last look; zero before the first
	of    map[string]counters
	node  time.Time // when the node of that look had started
	turns int64     // of it

	known    bool    // there were two looks at the same node
	turnRate float64 // turns a second of the node
	allFuel  float64 // fuel a second of all actors
}

// take reckons with a look and fills in the rates of its rows.
func (r *rates) take(s *Snapshot, rows []row, now time.Time) {
	passed := now.Sub(r.at).Seconds()
	r.known = !r.at.IsZero() && passed > 0 && r.node.Equal(s.Node.Started)
	r.turnRate, r.allFuel = 0, 0
	if r.known {
		r.turnRate = rate(r.turns, s.Node.Turns, passed)
	}
	of := make(map[string]counters, len(rows))
	for i := range rows {
		row := &rows[i]
		key := row.key()
		of[key] = counters{row.Turns, row.Fuel}
		if was, ok := r.of[key]; ok && r.known {
			row.turnRate = rate(was.turns, row.Turns, passed)
			row.fuelRate = rate(was.fuel, row.Fuel, passed)
			r.allFuel += row.fuelRate
		}
	}
	r.at, r.of, r.node, r.turns = now, of, s.Node.Started, s.Node.Turns
}

func rate(was, is int64, seconds float64) float64 { return max(float64(is-was)/seconds, 0) }
