package api

import (
	"context"
	"encoding/base64"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/theater-go/theater/actors"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

const (
	defaultPage = 1_000
	maxPage     = 10_000
)

// List shows live actors, page by page. Where actors come and go meanwhile, one
// may be shown twice, and none that stays is left out.
func (s *actorService) List(_ context.Context, r *theaterv1.ListRequest) (*theaterv1.ListResponse, error) {
	size, from, err := page(r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	trees, depth, err := s.roots(r.Filter.GetUnder())
	if err != nil {
		return nil, err
	}
	f, err := newFilter(r.Filter)
	if err != nil {
		return nil, err
	}
	f.depth = depth
	for i := range trees {
		f.walk(&trees[i], 1)
	}
	return from.cut(f.found, size), nil
}

// roots are the trees in which is looked, and how deep in the whole they begin.
func (s *actorService) roots(under string) ([]actors.Tree, int, error) {
	if under == "" {
		return s.System.Forest(), 0, nil
	}
	ref, err := s.live(under)
	if err != nil {
		r := *refusalOf(err)
		return nil, 0, r.at("filter.under")
	}
	tree, err := s.System.Tree(ref)
	return []actors.Tree{tree}, -1, err
}

// filter finds the actors that a request is about.
type filter struct {
	*theaterv1.Filter
	statuses map[string]bool
	depth    int // of those above the ones that are looked at, -1 where the first is not counted
	found    []*actors.Info
}

func newFilter(f *theaterv1.Filter) (*filter, error) {
	made := &filter{Filter: f, statuses: map[string]bool{}}
	for _, status := range f.GetStatuses() {
		switch actors.Status(status) {
		case actors.StatusStarting, actors.StatusRunning, actors.StatusRestarting, actors.StatusStopping, actors.StatusEnded:
			made.statuses[status] = true
		default:
			return nil, invalid("filter.statuses", "%.40q is no status", status).hinting("statuses are starting, running, restarting, stopping and ended")
		}
	}
	if _, err := path.Match(f.GetName(), ""); err != nil {
		return nil, invalid("filter.name", "%.80q is no pattern: %w", f.GetName(), err)
	}
	return made, nil
}

// walk looks at an actor and at all below it, in the order in which they start.
func (f *filter) walk(t *actors.Tree, level int) {
	if most := int(f.GetMaxDepth()); most > 0 && level+f.depth > most {
		return
	}
	if f.holds(&t.Info) {
		f.found = append(f.found, &t.Info)
	}
	for i := range t.Children {
		f.walk(&t.Children[i], level+1)
	}
}

func (f *filter) holds(i *actors.Info) bool {
	if f.Filter == nil {
		return true
	}
	if name, err := path.Match(f.Name, i.Name); f.Name != "" && (!name || err != nil) {
		return false
	}
	return (len(f.statuses) == 0 || f.statuses[string(i.Status)]) &&
		(f.Path == "" || wild(f.Path, i.Path)) &&
		(f.Module == "" || !i.Module.IsZero() && strings.HasPrefix(i.Module.String(), strings.ToLower(f.Module))) &&
		i.Restarts >= f.MinRestarts
}

// wild reports whether a text is as a pattern says, in which * stands for any
// text and ? for any character.
func wild(pattern, text string) bool {
	star, at := -1, 0 // the last star, and what it stands up to
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, at = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			at++
			p, t = star+1, at
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// cursor is where a page begins: after the actor of a path, which was at a place.
type cursor struct {
	place int
	path  string
}

// page reads how much is to be shown, and from where on.
func page(size uint32, token string) (int, cursor, error) {
	if token == "" {
		return pageSize(size), cursor{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	place, after, ok := strings.Cut(string(raw), " ")
	n, parseErr := strconv.ParseUint(place, 10, 31)
	if err != nil || !ok || parseErr != nil {
		return 0, cursor{}, invalid("pageToken", "the page token is none of this method")
	}
	return pageSize(size), cursor{int(n), after}, nil
}

// pageSize is how much a page has at most; 0 leaves that to the server.
func pageSize(size uint32) int {
	if size == 0 {
		return defaultPage
	}
	return int(min(size, maxPage))
}

func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", c.place, c.path))
}

// cut takes a page out of all that was found.
func (c cursor) cut(found []*actors.Info, size int) *theaterv1.ListResponse {
	from := min(c.place, len(found))
	if c.path != "" {
		for i, f := range found {
			if f.Path == c.path {
				from = i + 1
				break
			}
		}
	}
	page := found[from:min(from+size, len(found))]
	answer := &theaterv1.ListResponse{Actors: make([]*theaterv1.Actor, 0, len(page)), Total: uint64(len(found))}
	show := newShower()
	for _, f := range page {
		answer.Actors = append(answer.Actors, show.actor(*f))
	}
	if from+len(page) < len(found) {
		answer.NextPageToken = cursor{from + len(page), page[len(page)-1].Path}.String()
	}
	return answer
}
