package api

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"connectrpc.com/connect"

	"github.com/theater-go/theater/actors"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

const (
	defaultPage = 1_000
	maxPage     = 10_000
)

// List shows live actors, page by page. Where actors come and go between two pages,
// one may be shown twice, or not at all.
func (s *actorService) List(ctx context.Context, r *theaterv1.ListRequest) (*theaterv1.ListResponse, error) {
	size, from, err := page(r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	under, f, err := s.meant(r.Filter)
	if err != nil {
		return nil, err
	}
	out, err := newSheet(readable(ctx), r.Fields)
	if err != nil {
		return nil, err
	}
	found := func(see func(place int, i *actors.Info)) (total int, err error) {
		err = s.System.Census(under, func(i *actors.Info) bool {
			if f.holds(i) {
				see(total, i)
				total++
			}
			return true
		})
		return total, err
	}
	begin, err := from.begin(found)
	if err != nil {
		return nil, err
	}
	last := ""
	total, err := found(func(place int, i *actors.Info) {
		if begin <= place && place < begin+size {
			out.add(i)
			last = i.Path
		}
	})
	all, raw, failed := out.take()
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	answer := &theaterv1.ListResponse{Actors: all, Total: uint64(total)}
	answer.ProtoReflect().SetUnknown(raw)
	if begin+size < total {
		answer.NextPageToken = cursor{begin + size, last}.String()
	}
	return answer, nil
}

// atOnce is how many actors are in one message of ListAll.
const atOnce = 500

// ListAll shows live actors as they are found: who asks reads the first ones while the
// next ones are looked for.
func (s *actorService) ListAll(ctx context.Context, r *theaterv1.ListAllRequest, out *connect.ServerStream[theaterv1.ListAllResponse]) error {
	under, f, err := s.meant(r.Filter)
	if err != nil {
		return err
	}
	list, err := newSheet(readable(ctx), r.Fields)
	if err != nil {
		return err
	}
	waiting := 0
	var failed error
	send := func() {
		all, raw, err := list.take()
		answer := &theaterv1.ListAllResponse{Actors: all}
		answer.ProtoReflect().SetUnknown(raw)
		if failed = err; err == nil {
			failed = out.Send(answer)
		}
		waiting = 0
	}
	err = s.System.Census(under, func(i *actors.Info) bool {
		if f.holds(i) {
			list.add(i)
			waiting++
		}
		if waiting == atOnce {
			send()
		}
		return failed == nil
	})
	if err == nil && waiting > 0 {
		send()
	}
	return cmp.Or(err, failed)
}

// meant are the actor below which a filter looks, the zero Ref for all, and whom it
// holds for.
func (s *actorService) meant(f *theaterv1.Filter) (actors.Ref, *filter, error) {
	under, err := s.top(f.GetUnder())
	if err != nil {
		return under, nil, err
	}
	holds, err := newFilter(f, under)
	return under, holds, err
}

// top is the actor at or below which a list looks, the zero Ref for all.
func (s *actorService) top(under string) (actors.Ref, error) {
	if under == "" {
		return actors.Ref{}, nil
	}
	ref, err := s.live(under)
	if err != nil {
		r := *refusalOf(err)
		return ref, r.at("filter.under")
	}
	return ref, nil
}

// filter says which actors a request is about.
type filter struct {
	*theaterv1.Filter
	statuses map[string]bool
	deepest  int // how many parts a path may have; 0 is any number
}

func newFilter(f *theaterv1.Filter, under actors.Ref) (*filter, error) {
	made := &filter{Filter: f, statuses: map[string]bool{}}
	if most := int(f.GetMaxDepth()); most > 0 {
		made.deepest = most
		if f.Under != "" {
			made.deepest += depth(under.Path)
		}
	}
	for _, status := range f.GetStatuses() {
		switch actors.Status(status) {
		case actors.StatusStarting, actors.StatusRunning, actors.StatusRestarting, actors.StatusStopping, actors.StatusEnded:
			made.statuses[status] = true
		default:
			return nil, invalid("filter.statuses", "%.40q is no status", status).hinting("statuses are starting, running, restarting, stopping and ended")
		}
	}
	return made, nil
}

// depth is how many parts a path has.
func depth(path string) int { return strings.Count(path, "/") }

func (f *filter) holds(i *actors.Info) bool {
	if f.Filter == nil {
		return true
	}
	return (f.Name == "" || wild(f.Name, i.Name)) &&
		(f.deepest == 0 || depth(i.Path) <= f.deepest) &&
		(len(f.statuses) == 0 || f.statuses[string(i.Status)]) &&
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

// begin is where the page begins among all that are found: what it comes after may
// stand elsewhere by now.
func (c cursor) begin(found func(see func(place int, i *actors.Info)) (int, error)) (int, error) {
	if c.path == "" {
		return 0, nil
	}
	begin := c.place
	_, err := found(func(place int, i *actors.Info) {
		if i.Path == c.path {
			begin = place + 1
		}
	})
	return begin, err
}
