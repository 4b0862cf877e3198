package chain

import (
	"context"
	"fmt"
)

// Child is what one declared child of an actor is made from: the list of these is
// the blob that a genesis names as its Children.
type Child struct {
	Manifest Hash // the manifest's bytes, a blob
	Module   Hash // the guest's bytes, a blob
	Children Hash // the list of what its own declared children are made from; zero when it declares none
}

// childSize is the length of an encoded Child.
const childSize = 3 * len(Hash{})

// AppendChildren appends the canonical encoding of a list to dst.
func AppendChildren(dst []byte, list []Child) []byte {
	for _, c := range list {
		dst = append(dst, c.Manifest[:]...)
		dst = append(dst, c.Module[:]...)
		dst = append(dst, c.Children[:]...)
	}
	return dst
}

// DecodeChildren reads what AppendChildren wrote, all of b and nothing else. No
// list is empty.
func DecodeChildren(b []byte) ([]Child, error) {
	if len(b) == 0 || len(b)%childSize != 0 {
		return nil, fmt.Errorf("a list of children of %d bytes: %w", len(b), ErrCorrupt)
	}
	list := make([]Child, len(b)/childSize)
	d := decoder{b: b}
	for i := range list {
		list[i] = Child{Manifest: d.setHash(), Module: d.setHash(), Children: d.hash()}
	}
	if d.problem != "" {
		return nil, fmt.Errorf("a list of children: %s: %w", d.problem, ErrCorrupt)
	}
	return list, nil
}

// LoadChildren fetches a list from r and checks its hash. The zero hash is that of
// the empty list.
func LoadChildren(ctx context.Context, r Reader, sum Hash) ([]Child, error) {
	if sum.IsZero() {
		return nil, nil
	}
	b, err := LoadBlob(ctx, r, sum)
	if err != nil {
		return nil, err
	}
	return DecodeChildren(b)
}
