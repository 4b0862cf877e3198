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

// of checks the blobs that an event names.
func (v *blobVerifier) of(ctx context.Context, e Event) error {
	switch e := e.(type) {
	case *Genesis:
		if err := v.blobs(ctx, e.Module, e.Manifest, e.InitialState); err != nil {
			return err
		}
		return v.children(ctx, e.Children)
	case *Call:
		return v.payloads(ctx, e.Params)
	case *Host:
		return v.payloads(ctx, e.Input, e.Output)
	case *Intent:
		return v.payloads(ctx, e.Input)
	case *Outcome:
		return v.payloads(ctx, e.Input, e.Output)
	case *Result:
		return v.payloads(ctx, e.Response, e.Error)
	case *Lifecycle:
		switch e.What {
		case LifecycleUpgrade:
			return v.blobs(ctx, e.Sum, e.Manifest)
		case LifecycleCheckpoint: // older ones are dropped
			if err := v.blobs(ctx, e.Sum); !errors.Is(err, ErrNotFound) {
				return err
			}
		}
	}
	return nil
}

func (v *blobVerifier) payloads(ctx context.Context, payloads ...Payload) error {
	for _, p := range payloads {
		if p.Form == FormInline {
			continue
		}
		_, err := p.Load(ctx, v.r)
		if p.Form == FormSealed && errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// children checks a list of what children are made from, and what it names.
func (v *blobVerifier) children(ctx context.Context, sum Hash) error {
	if v.checked[sum] {
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
