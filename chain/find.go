package chain

import (
	"context"
	"fmt"
	"strings"
)

// Find returns the actor that a person names: by id, by an unambiguous
// beginning of an id of at least eight characters, by path, or by name. Of
// several at one path or name it is the newest. Without one it is ErrNotFound,
// with a beginning of several ids ErrAmbiguous.
func Find(ctx context.Context, r Reader, target string) (Summary, error) {
	if id, err := ParseID(target); err == nil {
		return r.Summary(ctx, id)
	}
	var newest Summary
	var byPrefix []Summary
	for s, err := range r.Actors(ctx) {
		if err != nil {
			return Summary{}, err
		}
		if (s.Path == target || s.Name == target) && (newest.ID.IsZero() || s.Created >= newest.Created) {
			newest = s
		}
		if len(target) >= 8 && strings.HasPrefix(s.ID.String(), target) {
			byPrefix = append(byPrefix, s)
		}
	}
	switch {
	case !newest.ID.IsZero():
		return newest, nil
	case len(byPrefix) == 1:
		return byPrefix[0], nil
	case len(byPrefix) > 1:
		return Summary{}, fmt.Errorf("%q begins the ids of %d actors: %w", target, len(byPrefix), ErrAmbiguous)
	}
	return Summary{}, fmt.Errorf("actor %q: %w", target, ErrNotFound)
}
