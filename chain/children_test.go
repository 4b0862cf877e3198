package chain_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
)

// declared is a list of two children, the first of which declares some itself.
var declared = []chain.Child{
	{Manifest: chaintest.Sum(1), Module: chaintest.Sum(2), Children: chaintest.Sum(3)},
	{Manifest: chaintest.Sum(4), Module: chaintest.Sum(5)},
}

func TestAListOfChildrenIsReadAsItWasWritten(t *testing.T) {
	b := chain.AppendChildren(nil, declared)
	golden(t, "testdata/children.golden", hex.EncodeToString(b)+"\n")
	got, err := chain.DecodeChildren(b)
	chaintest.Must(t, err)
	if !slices.Equal(got, declared) {
		t.Errorf("it is read as %v", got)
	}
}

func TestWhatIsNoListOfChildrenIsRefused(t *testing.T) {
	b := chain.AppendChildren(nil, declared)
	for name, b := range map[string][]byte{
		"nothing": nil, "half a child": b[:100], "a byte too many": append(slices.Clone(b), 0),
		"no manifest": append(make([]byte, 32), b[32:]...), "no module": slices.Concat(b[:32], make([]byte, 32), b[64:]),
	} {
		if got, err := chain.DecodeChildren(b); !errors.Is(err, chain.ErrCorrupt) {
			t.Errorf("%s is read as %v (%v)", name, got, err)
		}
	}
}

func TestVerifyFollowsTheListsOfChildren(t *testing.T) {
	put := func(k *kept, b []byte) chain.Hash {
		sum := chain.Hash(sha256.Sum256(b))
		k.blobs[sum] = b
		return sum
	}
	k := chainOf()
	manifest, module := put(k, []byte("manifest")), put(k, []byte("module"))
	below := put(k, chain.AppendChildren(nil, []chain.Child{{Manifest: manifest, Module: module}}))
	list := put(k, chain.AppendChildren(nil, []chain.Child{{Manifest: manifest, Module: module, Children: below}, {Manifest: manifest, Module: module}}))
	k.records[0].Events[0].(*chain.Genesis).Children = list
	k.link()
	_, err := k.verify()
	chaintest.Must(t, err)
	for _, sum := range []chain.Hash{manifest, module, below, list} {
		b := k.blobs[sum]
		delete(k.blobs, sum)
		refused(t, k, "record 0: event 0 (genesis): blob "+sum.String())
		k.blobs[sum] = b
	}
	k.records[0].Events[0].(*chain.Genesis).Children = manifest
	k.link()
	refused(t, k, "a list of children of 8 bytes")
}

func TestTheZeroHashIsThatOfNoChildren(t *testing.T) {
	list, err := chain.LoadChildren(context.Background(), nil, chain.Hash{})
	if err != nil || len(list) != 0 {
		t.Errorf("there is %v (%v)", list, err)
	}
}

func FuzzDecodeChildren(f *testing.F) {
	f.Add(chain.AppendChildren(nil, declared))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := chain.DecodeChildren(b)
		if err == nil && !bytes.Equal(chain.AppendChildren(nil, list), b) {
			t.Errorf("%x is read as %v", b, list)
		}
	})
}
