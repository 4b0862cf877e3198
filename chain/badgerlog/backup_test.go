package badgerlog_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// peopled makes an open folder with some actors, of which one has payloads that are blobs,
// in many commits.
func peopled(t *testing.T) (*badgerlog.Log, chain.Writer, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	for i := 1; i < 6; i++ {
		chaintest.Begin(t, w, chaintest.ID(i))
		for n := uint64(1); n < 100; n += 11 {
			chaintest.Fill(t, w, chaintest.ID(i), n, n+11)
		}
	}
	id := chaintest.ID(6)
	chaintest.Begin(t, w, id)
	for n := uint64(1); n < 20; n++ {
		rec := chaintest.Turn(id, n, 50)
		rec.Events[1].(*chain.Host).Output = chain.PutPayload(w, noise(n, 5000))
		chaintest.Must(t, w.Append(chaintest.Draft(rec), nil))
		chaintest.Must(t, w.Flush(t.Context()))
	}
	return l, w, dir
}

// noise are bytes that do not compress.
func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(b)
	return b
}

func sum(b []byte) chain.Hash { return sha256.Sum256(b) }

func backedUp(t *testing.T, l *badgerlog.Log) []byte {
	t.Helper()
	var b bytes.Buffer
	chaintest.Must(t, l.Backup(t.Context(), &b, nil))
	return b.Bytes()
}

// heads are the newest hashes of all actors.
func heads(t *testing.T, r chain.Reader) map[chain.ID]chain.Hash {
	t.Helper()
	all := map[chain.ID]chain.Hash{}
	for s, err := range r.Actors(t.Context()) {
		chaintest.Must(t, err)
		all[s.ID] = s.Head
		_, err := chain.Verify(t.Context(), r, s.ID)
		chaintest.Must(t, err)
	}
	return all
}

func TestABackupIsRestoredAsItWas(t *testing.T) {
	l, w, dir := peopled(t)
	large := noise(99, badgerlog.BlobPart+100)
	w.PutBlob(large)
	chaintest.Must(t, w.Flush(t.Context()))
	var plan badgerlog.Plan
	var b bytes.Buffer
	chaintest.Must(t, l.Backup(t.Context(), &b, func(p badgerlog.Plan) { plan = p }))
	if plan.Blocks == 0 || plan.Parts < 20 || plan.Durability != badgerlog.Async || plan.Epoch != w.Epoch() || int(plan.Bytes) > 2*b.Len() || b.Len() > 2*int(plan.Bytes) {
		t.Errorf("of %d bytes it is told %+v", b.Len(), plan)
	}
	to := filepath.Join(t.TempDir(), "new", "folder")
	restored, err := badgerlog.Restore(t.Context(), bytes.NewReader(b.Bytes()), to, badgerlog.RestoreOptions{Durability: badgerlog.Sync})
	chaintest.Must(t, err)
	if restored.Actors != 6 || restored.Records != 520 || restored.Plan != plan || len(restored.Failures) > 0 || restored.Durability != badgerlog.Sync {
		t.Errorf("restored is %+v", restored)
	}
	kept, err := os.ReadFile(filepath.Join(to, "checkpoint", "origin"))
	if signed, _, err2 := badgerlog.SignedCheckpoint(dir); err != nil || err2 != nil || restored.Origin.Size != plan.Blocks ||
		restored.Origin.Signer != signed.Signer || restored.Signer == signed.Signer || !bytes.Equal(kept, restored.Origin.Note) {
		t.Errorf("it was signed by %+v, and is by %s (%v, %v)", restored.Origin, restored.Signer, err, err2)
	}
	again := open(t, to, badgerlog.Options{Durability: badgerlog.Sync})
	if got, want := heads(t, again), heads(t, l); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the heads are %v, want %v", got, want)
	}
	for id := range heads(t, l) {
		got, err := again.Summary(t.Context(), id)
		chaintest.Must(t, err)
		if want, err := l.Summary(t.Context(), id); err != nil || got != want {
			t.Errorf("the summary is %+v, want %+v", got, want)
		}
	}
	if got, err := again.Blob(t.Context(), sum(large)); err != nil || !bytes.Equal(got, large) {
		t.Errorf("a blob of several parts is read as %d bytes, %v", len(got), err)
	}
	next, err := again.Writer(t.Context())
	chaintest.Must(t, err)
	if next.Epoch() != w.Epoch()+1 {
		t.Errorf("epoch %d follows %d", next.Epoch(), w.Epoch())
	}
	chaintest.Fill(t, next, chaintest.ID(1), 100, 110)
	chaintest.Must(t, again.Close())
	chaintest.Must(t, l.Close())
}

// TestABackupUnderLoadIsAPrefix holds guarantee 26.
func TestABackupUnderLoadIsAPrefix(t *testing.T) {
	l, w, _ := peopled(t)
	defer func() { chaintest.Must(t, l.Close()) }()
	ctx, stop := context.WithCancel(t.Context())
	written := make(chan uint64, 1)
	go func() {
		n := uint64(100)
		for ; ctx.Err() == nil && n < 5000; n++ {
			for i := 1; i < 6; i++ {
				if err := w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(i), n, 300)), nil); err != nil {
					t.Errorf("append: %v", err)
				}
			}
			w.PutBlob(noise(n, 1500))
			if err := w.Flush(context.WithoutCancel(ctx)); err != nil {
				t.Errorf("flush: %v", err)
			}
		}
		written <- n
	}()
	for range 2 {
		acknowledged := map[chain.ID]uint64{}
		for s, err := range l.Actors(t.Context()) {
			chaintest.Must(t, err)
			acknowledged[s.ID] = s.Records
		}
		to := filepath.Join(t.TempDir(), "restored")
		_, err := badgerlog.Restore(t.Context(), bytes.NewReader(backedUp(t, l)), to, badgerlog.RestoreOptions{})
		chaintest.Must(t, err)
		again := open(t, to, badgerlog.Options{ReadOnly: true})
		for id, head := range heads(t, again) {
			s, err := again.Summary(t.Context(), id)
			chaintest.Must(t, err)
			if s.Records < acknowledged[id] {
				t.Errorf("actor %s has %d records, of %d that were acknowledged", id, s.Records, acknowledged[id])
			}
			for rec, err := range l.Records(t.Context(), id, s.Records-1) {
				if chaintest.Must(t, err); rec.Hash != head {
					t.Errorf("actor %s record %d is another one", id, rec.Number)
				}
				break
			}
		}
		chaintest.Must(t, again.Close())
	}
	stop()
	if n := <-written; n < 110 {
		t.Errorf("only %d turns were written", n)
	}
}

// TestADamagedBackupIsRefusedWithThePlace holds guarantee 26.
func TestADamagedBackupIsRefusedWithThePlace(t *testing.T) {
	l := open(t, written(t, 60), badgerlog.Options{})
	whole := backedUp(t, l)
	chaintest.Must(t, l.Close())
	damages := map[string][]byte{
		"nothing": {}, "a text": []byte("hello, this is no backup at all"),
		"no end": whole[:len(whole)-25], "something behind": append(bytes.Clone(whole), 0), "two": append(bytes.Clone(whole), whole...),
	}
	for at := 0; at < len(whole); at += 1 + len(whole)/10 {
		flipped := bytes.Clone(whole)
		flipped[at] ^= 0x21
		damages[fmt.Sprint("byte ", at)] = flipped
		damages[fmt.Sprint("cut at ", at)] = whole[:at]
	}
	for name, b := range damages {
		to := filepath.Join(t.TempDir(), "restored")
		_, err := badgerlog.Restore(t.Context(), bytes.NewReader(b), to, badgerlog.RestoreOptions{})
		version := errors.Is(err, chain.ErrVersion) && strings.HasPrefix(name, "byte 1")
		if !version && (!errors.Is(err, chain.ErrCorrupt) || !strings.Contains(err.Error(), "byte ")) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a folder is left", name)
		}
	}
}

func TestABackupIsRestoredIntoNothingThatIsThere(t *testing.T) {
	dir := written(t, 3)
	l := open(t, dir, badgerlog.Options{})
	b := backedUp(t, l)
	chaintest.Must(t, l.Close())
	before := files(t, dir)
	if _, err := badgerlog.Restore(t.Context(), bytes.NewReader(b), dir, badgerlog.RestoreOptions{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a folder: %v", err)
	}
	if after := files(t, dir); after != before {
		t.Errorf("files %s, before %s", after, before)
	}
	empty := t.TempDir()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := badgerlog.Restore(gone, bytes.NewReader(b), empty, badgerlog.RestoreOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	if left := files(t, empty); left != "" {
		t.Errorf("called off it leaves %s", left)
	}
	_, err := badgerlog.Restore(t.Context(), bytes.NewReader(b), empty, badgerlog.RestoreOptions{})
	chaintest.Must(t, err)
	l = open(t, empty, badgerlog.Options{})
	verified(t, l, 3)
	chaintest.Must(t, l.Close())
}

func TestADamagedLogIsNotBackedUp(t *testing.T) {
	dir, _ := aged(t)
	flip(t, filepath.Join(dir, "db", "000001.vlog"), 1000)
	l := open(t, dir, badgerlog.Options{ReadOnly: true})
	defer func() { chaintest.Must(t, l.Close()) }()
	if err := l.Backup(t.Context(), io.Discard, nil); !errors.Is(err, chain.ErrCorrupt) {
		t.Errorf("error %v", err)
	}
}

func FuzzRestore(f *testing.F) {
	dir := f.TempDir()
	l := open(f, dir, badgerlog.Options{})
	w, err := l.Writer(f.Context())
	chaintest.Must(f, err)
	chaintest.Begin(f, w, chaintest.ID(1))
	chaintest.Must(f, w.Flush(f.Context()))
	var b bytes.Buffer
	chaintest.Must(f, l.Backup(f.Context(), &b, nil))
	chaintest.Must(f, l.Close())
	kinds, bodies := badgerlog.Frames(b.Bytes())
	f.Add(kinds[0], bodies[0], kinds[1], bodies[1], kinds[2], bodies[2])
	f.Fuzz(func(t *testing.T, k1 byte, b1 []byte, k2 byte, b2 []byte, k3 byte, b3 []byte) {
		whole := badgerlog.Backup([]byte{k1, k2, k3, 'Z'}, [][]byte{b1, b2, b3, make([]byte, 16)})
		_, _ = badgerlog.Restore(t.Context(), bytes.NewReader(whole), filepath.Join(t.TempDir(), "new"), badgerlog.RestoreOptions{})
	})
}
