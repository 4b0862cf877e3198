package manifest

import "strings"

// suggest returns a hint that names the candidate nearest to a mistyped name,
// or lists the candidates where none is near and they are few; else "".
func suggest(name string, candidates []string) string {
	hint := nearest(name, candidates)
	switch {
	case hint != "":
		return hint
	case len(candidates) == 0:
		return "no keys are known here"
	case len(candidates) <= 12:
		return "known are " + strings.Join(candidates, ", ")
	}
	return ""
}

// nearest is the part of suggest that names one candidate, "" where none is near.
func nearest(name string, candidates []string) string {
	best, distance := "", len(name)/3+2
	for _, c := range candidates {
		if n := EditDistance(name, c, distance); n < distance {
			best, distance = c, n
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}

// EditDistance counts the insertions, deletions and substitutions of bytes
// between two names, giving up at limit, which it then returns. The command line
// asks it too, for words that it does not know.
func EditDistance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], limit)
}
