package badgerlog_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// aged makes a closed folder with blocks and blobs in all kinds of files: it is written in
// several sessions, the last of which is killed.
func aged(t testing.TB) (dir string, want map[chain.ID][]chain.Record) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	want = map[chain.ID][]chain.Record{}
	n := uint64(1)
	for session := range 4 {
		l := open(t, dir, badgerlog.Options{})
		w, err := l.Writer(t.Context())
		chaintest.Must(t, err)
		if session == 0 {
			for i := 1; i < 6; i++ {
				chaintest.Begin(t, w, chaintest.ID(i))
			}
			chaintest.Must(t, w.Flush(t.Context()))
		}
		for end := n + 12; n < end; n++ {
			for i := 1; i < 6; i++ {
				size := 40 // a block of its own is a small value
				if n%4 == 0 {
					size = 3000
				}
				rec := chaintest.Turn(chaintest.ID(i), n, size)
				call := rec.Events[0].(*chain.Call)
				call.Cause = chain.Cause{Kind: chain.CauseEvent, Event: chain.Ref{Actor: chaintest.ID(i%5 + 1), Record: n - 1}}
				if i == 3 {
					rec.Events[1].(*chain.Host).Output = chain.PutPayload(w, noise(n, 5000))
				}
				chaintest.Must(t, w.Append(chaintest.Draft(rec), nil))
			}
			chaintest.Must(t, w.Flush(t.Context()))
		}
		if session == 3 {
			_, err := l.Checkpoint(t.Context())
			chaintest.Must(t, err)
			left := leftOf(t, dir)
			for i := 1; i < 6; i++ {
				want[chaintest.ID(i)] = chaintest.Records(t, l, chaintest.ID(i), 0)
			}
			chaintest.Must(t, l.Close())
			return left, want
		}
		chaintest.Must(t, l.Close())
	}
	return dir, want
}

// leftOf copies a folder as a killed process would leave it, but for most of the room
// that the database has made at the ends of its files.
func leftOf(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "left")
	chaintest.Must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		name, err2 := filepath.Rel(dir, path)
		if err := errors.Join(err, err2); err != nil || d.IsDir() {
			return errors.Join(err, os.MkdirAll(filepath.Join(to, name), 0o700))
		}
		from, err := os.Open(path)
		if err != nil {
			return err
		}
		defer from.Close()
		b, err := io.ReadAll(io.LimitReader(from, 1<<20)) // these folders hold less
		return errors.Join(err, os.WriteFile(filepath.Join(to, name), b, 0o600))
	}))
	return to
}

func repaired(t testing.TB, dir string, opts badgerlog.RepairOptions) (badgerlog.Repair, *badgerlog.Log) {
	t.Helper()
	to := filepath.Join(t.TempDir(), "repaired")
	report, err := badgerlog.Salvage(t.Context(), dir, to, opts)
	chaintest.Must(t, err)
	l := open(t, to, badgerlog.Options{})
	t.Cleanup(func() { chaintest.Must(t, l.Close()) })
	return report, l
}

// inOrder checks that a repaired folder has a beginning of each chain, that it verifies, and
// that the report says where it ends. It returns how many records there are.
func inOrder(t testing.TB, name string, report badgerlog.Repair, l *badgerlog.Log, want map[chain.ID][]chain.Record) (kept uint64) {
	t.Helper()
	cuts := map[chain.ID]badgerlog.Cut{}
	for _, c := range report.Cuts {
		cuts[c.Actor] = c
	}
	for id, records := range want {
		var got []chain.Record
		if _, err := l.Summary(t.Context(), id); err == nil {
			got = chaintest.Records(t, l, id, 0)
			if _, err := chain.Verify(t.Context(), l, id); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		} else if !errors.Is(err, chain.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		for i, rec := range got {
			if i >= len(records) || rec.Hash != records[i].Hash {
				t.Fatalf("%s: actor %s record %d is none that was written", name, id, i)
			}
		}
		kept += uint64(len(got))
		c, cut := cuts[id]
		if whole := len(got) == len(records); cut && (c.Kept != uint64(len(got)) || c.Had > uint64(len(records))) || !cut && !whole && len(report.Lost) == 0 && report.Unsealed == nil {
			t.Errorf("%s: of actor %s are kept %d of %d records, and it is told %+v", name, id, len(got), len(records), c)
		}
	}
	if kept != report.Records {
		t.Errorf("%s: %d records are kept and %d told", name, kept, report.Records)
	}
	w, err := l.Writer(t.Context()) // a node can serve it
	chaintest.Must(t, err)
	chaintest.Begin(t, w, chaintest.ID(77))
	chaintest.Must(t, w.Close())
	return kept
}

// TestARepairOfWhatIsWholeLosesNothing holds guarantee 25.
func TestARepairOfWhatIsWholeLosesNothing(t *testing.T) {
	dir, want := aged(t)
	before := contents(t, dir)
	report, l := repaired(t, dir, badgerlog.RepairOptions{})
	if !report.Whole() || report.Unsealed != nil || report.Origin.Size != report.Blocks || report.Actors != 5 || report.Stranded != 0 || len(report.Gaps) > 0 {
		t.Errorf("it is told %+v", report)
	}
	if kept := inOrder(t, "whole", report, l, want); kept != 245 {
		t.Errorf("%d records are kept", kept)
	}
	original := open(t, snapshotOf(t, dir), badgerlog.Options{ReadOnly: true})
	defer func() { chaintest.Must(t, original.Close()) }()
	for id := range want {
		a, err := original.Summary(t.Context(), id)
		chaintest.Must(t, err)
		if b, err := l.Summary(t.Context(), id); err != nil || a != b {
			t.Errorf("a summary is %+v, want %+v", b, a)
		}
	}
	if contents(t, dir) != before {
		t.Error("the folder has changed")
	}
}

// spoil does something to one of the files of a database, or of its checkpoint.
func spoil(t testing.TB, dir string, random *rand.Rand) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	chaintest.Must(t, err)
	names = slices.DeleteFunc(names, func(path string) bool {
		info, err := os.Stat(path)
		return err != nil || info.Size() == 0
	})
	path := names[random.IntN(len(names))]
	b, err := os.ReadFile(path)
	chaintest.Must(t, err)
	end := len(bytes.TrimRight(b, "\x00")) // what is behind does not count
	at := random.IntN(max(end, 1))
	what := fmt.Sprintf("%s at %d of %d: ", filepath.Base(path), at, end)
	switch random.IntN(5) {
	case 0:
		what += "cut"
		b = b[:at]
	case 1:
		what += "deleted"
		chaintest.Must(t, os.Remove(path))
		return what
	case 2:
		what += "zeroed"
		clear(b[at:min(len(b), at+1+random.IntN(4096))])
	case 3:
		what += "overwritten"
		copy(b[at:], noise(random.Uint64(), 1+random.IntN(3000)))
	default:
		what += "flipped"
		b[at] ^= 1 << random.IntN(8)
	}
	chaintest.Must(t, os.WriteFile(path, b, 0o600))
	return what
}

// TestARepairKeepsWhatIsInOrderAfterAnyDamage holds guarantee 25.
func TestARepairKeepsWhatIsInOrderAfterAnyDamage(t *testing.T) {
	aboutFiles(t)
	whole, want := aged(t)
	lost, all := 0, 0
	seeds := uint64(40)
	if raced {
		seeds = 10
	}
	for seed := range seeds {
		dir := snapshotOf(t, whole)
		random := rand.New(rand.NewPCG(seed, 7))
		name := fmt.Sprintf("seed %d", seed)
		for range 1 + random.IntN(2) {
			name += ", " + spoil(t, dir, random)
		}
		report, l := repaired(t, dir, badgerlog.RepairOptions{})
		switch kept := inOrder(t, name, report, l, want); {
		case kept == 245:
			all++
		case report.Whole():
			t.Logf("%s: %d records are kept, and nothing shows that there were more", name, kept)
			lost++
		default:
			lost++
		}
	}
	if lost < int(seeds/8) || all < int(seeds/8) {
		t.Errorf("%d repairs lose something, %d nothing", lost, all)
	}
}

func TestARepairTakesMissingBlobsFromFiles(t *testing.T) {
	dir, want := aged(t)
	logs, err := filepath.Glob(filepath.Join(dir, "db", "*.vlog"))
	chaintest.Must(t, err)
	blob := noise(2, 5000)
	erased := false
	for _, path := range logs {
		b, err := os.ReadFile(path)
		chaintest.Must(t, err)
		if i := bytes.Index(b, blob[100:200]); i >= 0 {
			b[i] ^= 1
			erased = true
		}
		chaintest.Must(t, os.WriteFile(path, b, 0o600))
	}
	if !erased {
		t.Fatal("the blob is not found")
	}
	report, l := repaired(t, dir, badgerlog.RepairOptions{})
	inOrder(t, "without", report, l, want)
	if len(report.Missing) != 1 || report.Missing[0] != (badgerlog.MissingBlob{Sum: sum(blob), Actor: chaintest.ID(3), Record: 2}) || len(report.Lost) > 0 || len(report.Gaps) != 1 {
		t.Errorf("without it is told %+v", report)
	}
	// Actor 3 lacks its record 2, actor 2 follows from that with its record 3, and so on.
	for _, c := range report.Cuts {
		if reason := badgerlog.CutCause; c.Actor == chaintest.ID(3) && (c.Reason != badgerlog.CutBlob || c.Kept != 2) || c.Actor != chaintest.ID(3) && c.Reason != reason {
			t.Errorf("it is told %+v", c)
		}
	}
	file := filepath.Join(t.TempDir(), "blob")
	chaintest.Must(t, os.WriteFile(file, blob, 0o600))
	report, l = repaired(t, dir, badgerlog.RepairOptions{With: []string{file}})
	if kept := inOrder(t, "with", report, l, want); kept != 245 || !report.Whole() {
		t.Errorf("with the file it is told %+v", report)
	}
}

func TestAChainThatBreaksItsRulesIsKeptAsFarAsItDoesNot(t *testing.T) {
	dir := written(t, 10)
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	rec := chain.Record{Actor: chaintest.ID(1), Number: 10, Events: []chain.Event{&chain.Result{Status: chain.ResultOK}}}
	chaintest.Must(t, w.Append(chaintest.Draft(rec), nil))
	chaintest.Fill(t, w, chaintest.ID(1), 11, 15)
	chaintest.Must(t, l.Close())
	report, l := repaired(t, dir, badgerlog.RepairOptions{})
	if len(report.Cuts) != 1 || report.Cuts[0].Kept != 10 || report.Cuts[0].Had != 15 || report.Cuts[0].Reason != badgerlog.CutInvalid || report.Stranded != 5 {
		t.Errorf("it is told %+v", report)
	}
	verified(t, l, 10)
}

func TestWhatCannotBeRepairedIsRefused(t *testing.T) {
	dir := written(t, 3)
	l := open(t, dir, badgerlog.Options{})
	to := filepath.Join(t.TempDir(), "new")
	if _, err := badgerlog.Salvage(t.Context(), dir, to, badgerlog.RepairOptions{}); !errors.Is(err, chain.ErrInUse) {
		t.Errorf("a folder in use: %v", err)
	}
	chaintest.Must(t, l.Close())
	if _, err := badgerlog.Salvage(t.Context(), t.TempDir(), to, badgerlog.RepairOptions{}); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("no folder: %v", err)
	}
	if _, err := badgerlog.Salvage(t.Context(), dir, dir, badgerlog.RepairOptions{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto itself: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := badgerlog.Salvage(gone, dir, to, badgerlog.RepairOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	if _, err := badgerlog.Salvage(t.Context(), dir, to, badgerlog.RepairOptions{With: []string{"/none"}}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("with a file that is not there: %v", err)
	}
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a folder is left")
	}
	chaintest.Must(t, os.WriteFile(filepath.Join(dir, "format"), []byte("theater data folder\nversion 99\n"), 0o600))
	if _, err := badgerlog.Salvage(t.Context(), dir, to, badgerlog.RepairOptions{}); !errors.Is(err, chain.ErrVersion) {
		t.Errorf("a newer folder: %v", err)
	}
	for _, damage := range []func(string) error{os.Remove, func(path string) error { return os.WriteFile(path, []byte("?"), 0o600) }} {
		chaintest.Must(t, damage(filepath.Join(dir, "format")))
		_, l := repaired(t, dir, badgerlog.RepairOptions{})
		verified(t, l, 3)
	}
}

func TestABlockThatWasReplacedIsNotTakenWhereTheCheckpointVouchesForAnother(t *testing.T) {
	dir := written(t, 10)
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Fill(t, w, chaintest.ID(1), 10, 11)
	want := chaintest.Records(t, l, chaintest.ID(1), 10)[0]
	chaintest.Must(t, l.Close())

	// Who can write to the disk can make a record that goes on with the chain.
	other := want
	other.Events = []chain.Event{&chain.Lifecycle{What: chain.LifecycleStopped, Time: 1, Reason: "forged"}}
	stored, err := chain.Store(other)
	chaintest.Must(t, err)
	stored.Hash = stored.Sum(want.Prev)
	last := uint64(0)
	edit(t, dir, func(txn *badger.Txn) error {
		for _, err := txn.Get(badgerlog.BlockKey(last + 1)); err == nil; _, err = txn.Get(badgerlog.BlockKey(last + 1)) {
			last++
		}
		return txn.Set(badgerlog.BlockKey(last), badgerlog.EncodeBlock(nil, last, 1, stored.Append(nil)))
	})

	report, l := repaired(t, dir, badgerlog.RepairOptions{})
	if got := chaintest.Records(t, l, chaintest.ID(1), 10); len(got) != 1 || got[0].Hash != want.Hash || !report.Whole() {
		t.Errorf("it is told %+v; the record is %v", report, got)
	}
}

// lose damages the block with a number, which must be in a table.
func lose(t testing.TB, dir string, number uint64) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "db", "*.sst"))
	chaintest.Must(t, err)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		chaintest.Must(t, err)
		if i := bytes.Index(b, binary.BigEndian.AppendUint64([]byte("thB\x01\x01"), number)); i >= 0 {
			flip(t, path, int64(i+30))
			return
		}
	}
	t.Fatalf("block %d is in no table", number)
}

func TestWhoIsMadeAfterWhatIsLostOfTheParentIsLostToo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	module := w.PutBlob(chaintest.Module)
	parent, early, late := chaintest.ID(1), chaintest.ID(2), chaintest.ID(3)
	child := func(id chain.ID) chain.Record {
		rec := chaintest.Genesis(id, module)
		rec.Events[0].(*chain.Genesis).Parent = chain.Ref{Actor: parent}
		return rec
	}
	for _, rec := range []chain.Record{ // each in a block of its own
		chaintest.Genesis(parent, module), child(early), chaintest.Turn(parent, 1, 8), child(late), chaintest.Turn(early, 1, 8), chaintest.Turn(late, 1, 8), chaintest.Turn(parent, 2, 8),
	} {
		chaintest.Must(t, w.Append(chaintest.Draft(rec), nil))
		chaintest.Must(t, w.Flush(t.Context()))
	}
	chaintest.Must(t, l.Close())
	lose(t, dir, 2)
	report, l := repaired(t, dir, badgerlog.RepairOptions{})
	if len(report.Cuts) != 2 || report.Cuts[0].Actor != parent || report.Cuts[0].Kept != 1 || report.Cuts[1].Actor != late || report.Cuts[1].Kept != 0 || report.Cuts[1].Reason != badgerlog.CutCause {
		t.Errorf("it is told %+v", report)
	}
	if s, err := l.Summary(t.Context(), early); err != nil || s.Records != 2 {
		t.Errorf("of the child that was made before are kept %d records, %v", s.Records, err)
	}
}

// Each list names the one below it twice, and the lowest names what is not there: who
// went down every way would never come back.
func TestListsOfChildrenThatNameEachOtherAreLookedAtOnce(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	module := w.PutBlob([]byte("module"))
	list := w.PutBlob(chain.AppendChildren(nil, []chain.Child{{Manifest: chaintest.Sum(1), Module: module}}))
	for range 60 {
		list = w.PutBlob(chain.AppendChildren(nil, []chain.Child{{Manifest: module, Module: module, Children: list}, {Manifest: module, Module: module, Children: list}}))
	}
	rec := chaintest.Genesis(chaintest.ID(1), module)
	rec.Events[0].(*chain.Genesis).Children = list
	chaintest.Must(t, w.Append(chaintest.Draft(rec), nil))
	chaintest.Must(t, l.Close())
	report, err := badgerlog.Salvage(t.Context(), dir, filepath.Join(t.TempDir(), "saved"), badgerlog.RepairOptions{})
	chaintest.Must(t, err)
	if len(report.Missing) != 1 || report.Missing[0].Sum != chaintest.Sum(1) {
		t.Errorf("it is %+v", report)
	}
}
