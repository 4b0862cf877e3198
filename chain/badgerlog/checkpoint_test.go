package badgerlog_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/mod/sumdb/note"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

func TestACheckpointSaysWhatTheLogHolds(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Begin(t, w, chaintest.ID(1))
	chaintest.Fill(t, w, chaintest.ID(1), 1, 300)
	signed, err := l.Checkpoint(t.Context())
	chaintest.Must(t, err)
	if signed.Size == 0 || signed.Era != 0 || signed.Epoch != w.Epoch() || signed.Durability != badgerlog.Async || signed.Durable != 0 {
		t.Errorf("checkpoint %+v", signed)
	}
	again, err := l.Checkpoint(t.Context())
	chaintest.Must(t, err)
	if !bytes.Equal(again.Note, signed.Note) {
		t.Error("a log that has not grown was signed again")
	}
	read, key, err := badgerlog.SignedCheckpoint(dir)
	chaintest.Must(t, err)
	if !bytes.Equal(read.Note, signed.Note) || read.Size != signed.Size || read.Root != signed.Root || !read.Time.Equal(signed.Time) {
		t.Errorf("read %+v, signed %+v", read, signed)
	}
	chaintest.Must(t, l.Close())
	closed, _, err := badgerlog.SignedCheckpoint(dir)
	chaintest.Must(t, err)
	if closed.Durable != closed.Size || closed.Size != signed.Size {
		t.Errorf("after the close %+v", closed)
	}
	text := regexp.MustCompile(`^theater/[0-9a-f]{16}/0\n\d+\n[A-Za-z0-9+/]{43}=\ndurable \d+ async\nepoch 1\ntime \d{4}-.*Z\nboot .+\n\n— theater/[0-9a-f]{16} \S+\n$`)
	if !text.Match(closed.Note) {
		t.Errorf("note\n%s", closed.Note)
	}
	if _, err := badgerlog.ReadCheckpoint(bytes.Replace(closed.Note, []byte("epoch 1"), []byte("epoch 2"), 1), key); !errors.Is(err, chain.ErrCorrupt) {
		t.Errorf("another text gives %v", err)
	}
	for name, mode := range map[string]os.FileMode{"key": 0o600, "key.pub": 0o644} {
		info, err := os.Stat(filepath.Join(dir, "checkpoint", name))
		if chaintest.Must(t, err); info.Mode() != mode {
			t.Errorf("%s has mode %s", name, info.Mode())
		}
	}
}

func TestWhatIsCommittedIsSignedByItself(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Begin(t, w, chaintest.ID(1))
	// The log is never at rest: commits follow one another.
	for size, n, signed := uint64(0), uint64(1), 0; signed < 2; n++ {
		chaintest.Fill(t, w, chaintest.ID(1), n, n+1)
		chaintest.Must(t, w.Flush(t.Context()))
		c, _, err := badgerlog.SignedCheckpoint(dir)
		chaintest.Must(t, err)
		if c.Size > size {
			size, signed = c.Size, signed+1
		}
		if n == 50_000 {
			t.Fatalf("of %d commits %d blocks were signed", n, size)
		}
	}
	chaintest.Must(t, l.Close())
}

// TestALogWhoseClockWasSetBackIsSigned has the newest checkpoint be of a time to come.
func TestALogWhoseClockWasSetBackIsSigned(t *testing.T) {
	dir := written(t, 5)
	before, _, err := badgerlog.SignedCheckpoint(dir)
	chaintest.Must(t, err)
	key, err := os.ReadFile(filepath.Join(dir, "checkpoint", "key"))
	chaintest.Must(t, err)
	signer, err := note.NewSigner(strings.TrimSpace(string(key)))
	chaintest.Must(t, err)
	text, _, _ := strings.Cut(string(before.Note), "\n\n")
	text = strings.Replace(text, "\ntime 20", "\ntime 21", 1) + "\n"
	late, err := note.Sign(&note.Note{Text: text}, signer)
	chaintest.Must(t, err)
	chaintest.Must(t, os.WriteFile(filepath.Join(dir, "checkpoint", "signed"), late, 0o644))

	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Fill(t, w, chaintest.ID(1), 5, 6)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		c, _, err := badgerlog.SignedCheckpoint(dir)
		chaintest.Must(t, err)
		if c.Size > before.Size {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("what was committed is not signed")
		}
	}
	chaintest.Must(t, l.Close())
}

// stages are copies of a log's folder, each with more blocks than the one before. The
// last is closed, the others are as a killed process leaves them.
func stages(t *testing.T, durability string) (dirs []string) {
	t.Helper()
	dir := t.TempDir()
	l := open(t, dir, badgerlog.Options{Durability: durability})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Begin(t, w, chaintest.ID(1))
	for n := uint64(1); n < 400; n += 100 {
		chaintest.Fill(t, w, chaintest.ID(1), n, n+100)
		chaintest.Must(t, w.Flush(t.Context()))
		_, err := l.Checkpoint(t.Context())
		chaintest.Must(t, err)
		copied := filepath.Join(t.TempDir(), "copy")
		chaintest.Must(t, copySparse(copied, dir))
		dirs = append(dirs, copied)
	}
	chaintest.Must(t, l.Close())
	return append(dirs, dir)
}

// mixed is a folder with the database of one and the checkpoint of another.
func mixed(t *testing.T, database, checkpoint string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mixed")
	chaintest.Must(t, copySparse(dir, database))
	chaintest.Must(t, os.RemoveAll(filepath.Join(dir, "checkpoint")))
	chaintest.Must(t, copySparse(filepath.Join(dir, "checkpoint"), filepath.Join(checkpoint, "checkpoint")))
	return dir
}

// TestALogThatHoldsLessThanWasSignedIsRefused holds guarantee 17.
func TestALogThatHoldsLessThanWasSignedIsRefused(t *testing.T) {
	aboutFiles(t)
	for _, durability := range []string{badgerlog.Async, badgerlog.Sync} {
		dirs := stages(t, durability)
		for name, c := range map[string]struct {
			dir     string
			boot    string
			refused bool
		}{
			"as it was":                         {dirs[1], "", false},
			"killed before the leaf is written": {mixed(t, dirs[2], dirs[1]), "", false},
			"shorter":                           {mixed(t, dirs[1], dirs[2]), "", true},
			"shorter after a power cut":         {mixed(t, dirs[1], dirs[2]), "another", durability == badgerlog.Sync},
			"shorter than when it was closed":   {mixed(t, dirs[1], dirs[4]), "another", true},
		} {
			t.Run(durability+" "+name, func(t *testing.T) {
				for _, readOnly := range []bool{true, false} {
					l, err := badgerlog.Open(c.dir, badgerlog.Booted(badgerlog.Options{ReadOnly: readOnly}, c.boot))
					if c.refused {
						if !errors.Is(err, chain.ErrCorrupt) || !strings.Contains(err.Error(), "blocks are there of") {
							t.Errorf("error %v", err)
						}
						continue
					}
					chaintest.Must(t, err)
					chaintest.Must(t, l.Close())
				}
			})
		}
	}
}

// TestALawfulLossBeginsAnEra holds guarantee 17.
func TestALawfulLossBeginsAnEra(t *testing.T) {
	dirs := stages(t, badgerlog.Async)
	dir := mixed(t, dirs[1], dirs[3])
	old, _, err := badgerlog.SignedCheckpoint(dir)
	chaintest.Must(t, err)
	var said bytes.Buffer
	l := open(t, dir, badgerlog.Booted(badgerlog.Options{Logger: slog.New(slog.NewTextHandler(&said, nil))}, "another"))
	fresh, err := l.Checkpoint(t.Context())
	chaintest.Must(t, err)
	if fresh.Era != 1 || fresh.Size >= old.Size || fresh.After == nil || *fresh.After != (badgerlog.Ended{Size: old.Size, Root: old.Root}) ||
		fresh.Durable != fresh.Size || fresh.Signer != old.Signer {
		t.Errorf("checkpoint %+v after %+v", fresh, old)
	}
	if want := fmt.Sprintf("level=WARN .*lost=%d kept=%d era=1", old.Size-fresh.Size, fresh.Size); !regexp.MustCompile(want).MatchString(said.String()) {
		t.Errorf("log %s, want %s", said.String(), want)
	}
	kept, err := os.ReadFile(filepath.Join(dir, "checkpoint", "era-0"))
	if chaintest.Must(t, err); !bytes.Equal(kept, old.Note) {
		t.Errorf("kept of the old era: %s", kept)
	}
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	if w.Epoch() <= old.Epoch {
		t.Errorf("epoch %d after %d", w.Epoch(), old.Epoch)
	}
	chaintest.Fill(t, w, chaintest.ID(1), 201, 900)
	sound(t, l)
	chaintest.Must(t, l.Close())
	l = open(t, dir, badgerlog.Booted(badgerlog.Options{}, "another"))
	if c := sound(t, l).Checkpoint; c.Era != 1 || c.Size <= fresh.Size || *c.After != *fresh.After {
		t.Errorf("checkpoint %+v", c)
	}
	chaintest.Must(t, l.Close())
}

func TestALostLogOfTheDatabaseIsFound(t *testing.T) {
	dirs := stages(t, badgerlog.Async)
	logs, err := filepath.Glob(filepath.Join(dirs[1], "db", "*.mem"))
	chaintest.Must(t, err)
	for _, path := range logs {
		chaintest.Must(t, os.Remove(path))
	}
	if _, err := badgerlog.Open(dirs[1], badgerlog.Options{}); !errors.Is(err, chain.ErrCorrupt) {
		t.Errorf("error %v", err)
	}
}

func TestAMerkleLogThatIsTornOrLostIsMadeAnew(t *testing.T) {
	whole := stages(t, badgerlog.Async)[2]
	for name, damage := range map[string]func(path string) error{
		"lost":   os.Remove,
		"behind": func(path string) error { return os.Truncate(path, 32) },
		"torn": func(path string) error {
			info, err := os.Stat(path)
			return errors.Join(err, os.Truncate(path, info.Size()+17))
		},
		"with another hash": func(path string) error {
			b, err := os.ReadFile(path)
			b[40] ^= 1
			return errors.Join(err, os.WriteFile(path, b, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "copy")
			chaintest.Must(t, copySparse(dir, whole))
			path := filepath.Join(dir, "checkpoint", "tree")
			chaintest.Must(t, damage(path))
			l := open(t, dir, badgerlog.Options{})
			w, err := l.Writer(t.Context())
			chaintest.Must(t, err)
			chaintest.Fill(t, w, chaintest.ID(1), 301, 350)
			if name != "with another hash" { // which is of a leaf that no node of the root is
				sound(t, l)
			}
			chaintest.Must(t, l.Close())
		})
	}
}

func TestAFolderWithoutACheckpointGetsOne(t *testing.T) {
	dir := written(t, 100)
	chaintest.Must(t, os.RemoveAll(filepath.Join(dir, "checkpoint")))
	l := open(t, dir, badgerlog.Options{ReadOnly: true})
	sound(t, l)
	chaintest.Must(t, l.Close())
	var said bytes.Buffer
	l = open(t, dir, badgerlog.Options{Logger: slog.New(slog.NewTextHandler(&said, nil))})
	if !strings.Contains(said.String(), "no checkpoint") {
		t.Errorf("log %s", said.String())
	}
	if c := sound(t, l).Checkpoint; c.Size == 0 || c.Era != 0 {
		t.Errorf("checkpoint %+v", c)
	}
	chaintest.Must(t, l.Close())
}

func TestALogGoesOnWithoutItsCheckpointAndTellsOnce(t *testing.T) {
	dir := t.TempDir()
	said := make(chan string, 100)
	l := open(t, dir, badgerlog.Options{Logger: slog.New(slog.NewTextHandler(reports(said), nil))})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	place := filepath.Join(dir, "checkpoint")
	chaintest.Must(t, os.Rename(place, place+".away"))
	chaintest.Begin(t, w, chaintest.ID(1))
	chaintest.Fill(t, w, chaintest.ID(1), 1, 100)
	chaintest.Must(t, w.Flush(t.Context()))
	if _, err := l.Checkpoint(t.Context()); err == nil {
		t.Error("a checkpoint was written nowhere")
	}
	for line := range said {
		if strings.Contains(line, "not sealed") {
			break
		}
	}
	chaintest.Must(t, os.Rename(place+".away", place))
	chaintest.Must(t, l.Close())
	l = open(t, dir, badgerlog.Options{ReadOnly: true})
	if r := sound(t, l); r.Checkpoint.Size != r.Blocks || r.Records != 100 {
		t.Errorf("report %+v", r)
	}
	chaintest.Must(t, l.Close())
	for len(said) > 0 {
		if line := <-said; strings.Contains(line, "not sealed") {
			t.Errorf("told again: %s", line)
		}
	}
}

type reports chan string

func (l reports) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}

// Whoever has the key of the database's format, and not that of the checkpoint, cannot
// put another block in the place of one.
func TestABlockThatWasReplacedIsNamed(t *testing.T) {
	dir := grown(t, 1, 500)
	rec := chaintest.Genesis(chaintest.ID(1), chain.Hash{})
	stored, err := chain.Store(rec)
	chaintest.Must(t, err)
	stored.Hash = stored.Sum(chain.Hash{})
	edit(t, dir, func(txn *badger.Txn) error {
		return txn.Set(badgerlog.BlockKey(1), badgerlog.EncodeBlock(nil, 1, 1, stored.Append(nil)))
	})
	l := open(t, dir, badgerlog.Options{})
	report, err := l.Verify(t.Context(), badgerlog.VerifyOptions{})
	chaintest.Must(t, err)
	blocks := 0
	for _, d := range report.Damage {
		if d.Block >= 0 {
			blocks++
			if d.Block != 1 || !errors.Is(d.Err, chain.ErrCorrupt) {
				t.Errorf("damage %+v", d)
			}
		}
	}
	if blocks != 1 || len(report.Damage) < 2 {
		t.Errorf("damage %+v", report.Damage)
	}
	chaintest.Must(t, l.Close())
}
