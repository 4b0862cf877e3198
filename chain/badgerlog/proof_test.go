package badgerlog_test

import (
	"errors"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

func TestARecordIsProvedToWhoHasNothingElse(t *testing.T) {
	dir := grown(t, 2, 200)
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Fill(t, w, chaintest.ID(1), 200, 203)
	chaintest.Must(t, w.Flush(t.Context()))
	_, key, err := badgerlog.SignedCheckpoint(dir)
	chaintest.Must(t, err)
	for _, rec := range chaintest.Records(t, l, chaintest.ID(1), 0) {
		p, err := l.Proof(t.Context(), rec.Actor, rec.Number)
		chaintest.Must(t, err)
		c, err := badgerlog.VerifyProof(p, rec.Hash, key)
		chaintest.Must(t, err)
		if c.Size <= p.Block {
			t.Errorf("record %d: checkpoint %+v of a proof for block %d", rec.Number, c, p.Block)
		}
	}
	if _, err := l.Proof(t.Context(), chaintest.ID(1), 203); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("of a record that is not there: %v", err)
	}
	rec := chaintest.Records(t, l, chaintest.ID(1), 50)[0]
	for name, change := range map[string]func(*badgerlog.Proof){
		"another record in the block": func(p *badgerlog.Proof) { p.Hashes[0][0] ^= 1 },
		"a record too many":           func(p *badgerlog.Proof) { p.Hashes = append(p.Hashes, rec.Hash) },
		"another block":               func(p *badgerlog.Proof) { p.Block++ },
		"a block that is not signed":  func(p *badgerlog.Proof) { p.Block = 1 << 62 },
		"another path":                func(p *badgerlog.Proof) { p.Path[0][0] ^= 1 },
		"no path":                     func(p *badgerlog.Proof) { p.Path = nil },
		"another checkpoint":          func(p *badgerlog.Proof) { p.Note[20] ^= 1 },
	} {
		p, err := l.Proof(t.Context(), rec.Actor, rec.Number)
		chaintest.Must(t, err)
		p.Note = append([]byte(nil), p.Note...)
		change(&p)
		if _, err := badgerlog.VerifyProof(p, rec.Hash, key); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	chaintest.Must(t, l.Close())
}
