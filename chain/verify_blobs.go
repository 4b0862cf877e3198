package chain

import (
	"context"
	"errors"
)

// blobVerifier checks the blobs that events name.
type blobVerifier struct {
	r       Reader
	checked map[Hash]bool // those that are named without their length
}

// of checks the blobs that an event names. Older checkpoints are dropped, and openings
// are for their holders to show.
func (v *blobVerifier) of(ctx context.Context, e Event) error {
	n := NamesOf(e)
	if err := v.blobs(ctx, n.Blobs[:]...); err != nil {
		return err
	}
	if err := v.children(ctx, n.Children); err != nil {
		return err
	}
	for _, p := range n.Payloads {
		if p == nil || p.Form == FormInline {
			continue
		}
		if _, err := p.Load(ctx, v.r); err != nil && !(p.Form == FormSealed && errors.Is(err, ErrNotFound)) {
			return err
		}
	}
	if err := v.blobs(ctx, n.Checkpoint); !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}

// children checks a list of what children are made from, and what it names.
func (v *blobVerifier) children(ctx context.Context, sum Hash) error {
	if sum.IsZero() || v.checked[sum] {
		return nil
	}
	list, err := LoadChildren(ctx, v.r, sum)
	if err != nil {
		return err
	}
	v.checked[sum] = true
	for _, c := range list {
		if err := v.blobs(ctx, c.Manifest, c.Module); err != nil {
			return err
		}
		if err := v.children(ctx, c.Children); err != nil {
			return err
		}
	}
	return nil
}

// blobs checks blobs that are named without their length, up to the first that is not in
// order. The zero hash names none.
func (v *blobVerifier) blobs(ctx context.Context, sums ...Hash) error {
	for _, sum := range sums {
		if sum.IsZero() || v.checked[sum] {
			continue
		}
		if _, err := LoadBlob(ctx, v.r, sum); err != nil {
			return err
		}
		v.checked[sum] = true
	}
	return nil
}
