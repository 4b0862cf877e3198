package badgerlog_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// TestAFolderInUseNamesTheProcess holds guarantee 27.
func TestAFolderInUseNamesTheProcess(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, badgerlog.Options{})
	_, err := badgerlog.Open(dir, badgerlog.Options{ReadOnly: true})
	var inUse *chain.InUseError
	if !errors.As(err, &inUse) || !errors.Is(err, chain.ErrInUse) {
		t.Fatalf("error %v", err)
	}
	if inUse.PID != os.Getpid() || inUse.Command != strings.Join(os.Args, " ") || inUse.Path != dir {
		t.Errorf("holder %+v", inUse)
	}
	chaintest.Must(t, l.Close())
	chaintest.Must(t, open(t, dir, badgerlog.Options{}).Close())
}

// TestAFolderKeepsItsDurability holds guarantee 7.
func TestAFolderKeepsItsDurability(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, badgerlog.Options{Durability: badgerlog.Sync})
	chaintest.Must(t, l.Close())
	if _, err := badgerlog.Open(dir, badgerlog.Options{Durability: badgerlog.Async}); err == nil {
		t.Error("a sync folder was opened as async")
	}
	l = open(t, dir, badgerlog.Options{})
	if l.Durability() != badgerlog.Sync {
		t.Errorf("durability %s", l.Durability())
	}
	chaintest.Must(t, l.Close())
	if _, err := badgerlog.Open(t.TempDir(), badgerlog.Options{Durability: "none"}); err == nil {
		t.Error("an unknown durability was taken")
	}
}

// TestAFolderThatIsNotUnderstoodIsRefused holds guarantee 29.
func TestAFolderThatIsNotUnderstoodIsRefused(t *testing.T) {
	cases := map[string]struct {
		format string
		want   error
	}{
		"a newer version":       {"theater data folder\nversion 2\nwhatever\n", chain.ErrVersion},
		"another text":          {"hello\n", chain.ErrCorrupt},
		"an unknown durability": {"theater data folder\nversion 1\ndurability perhaps\n", chain.ErrCorrupt},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			chaintest.Must(t, os.WriteFile(filepath.Join(dir, "format"), []byte(c.format), 0o600))
			if _, err := badgerlog.Open(dir, badgerlog.Options{}); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if _, err := os.Stat(filepath.Join(dir, "db")); err == nil {
				t.Error("a database was made")
			}
		})
	}
	t.Run("a database without a format", func(t *testing.T) {
		dir := written(t, 3)
		chaintest.Must(t, os.Remove(filepath.Join(dir, "format")))
		if _, err := badgerlog.Open(dir, badgerlog.Options{}); !errors.Is(err, chain.ErrCorrupt) {
			t.Errorf("error %v", err)
		}
	})
}

func TestAFolderIsOpenedForReading(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := badgerlog.Open(missing, badgerlog.Options{ReadOnly: true}); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("a missing folder: %v", err)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("the folder was made")
	}
	l := open(t, written(t, 40), badgerlog.Options{ReadOnly: true})
	defer func() { chaintest.Must(t, l.Close()) }()
	if _, err := l.Writer(t.Context()); !errors.Is(err, chain.ErrReadOnly) {
		t.Errorf("writer: %v", err)
	}
	verified(t, l, 40)
}

// TestADatabaseWithoutItsManifestIsLeftAlone holds guarantee 23.
func TestADatabaseWithoutItsManifestIsLeftAlone(t *testing.T) {
	for name, damage := range map[string]func(string) error{
		"missing": os.Remove,
		"empty":   func(path string) error { return os.Truncate(path, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := written(t, 3)
			chaintest.Must(t, damage(filepath.Join(dir, "db", "MANIFEST")))
			before := files(t, dir)
			if _, err := badgerlog.Open(dir, badgerlog.Options{}); !errors.Is(err, chain.ErrCorrupt) {
				t.Errorf("error %v", err)
			}
			if after := files(t, dir); after != before {
				t.Errorf("files %s, before %s", after, before)
			}
		})
	}
}

func TestADatabaseWhoseManifestIsCutLosesNothing(t *testing.T) {
	whole := written(t, 3)
	info, err := os.Stat(filepath.Join(whole, "db", "MANIFEST"))
	chaintest.Must(t, err)
	refused := 0
	for size := range info.Size() {
		dir := t.TempDir()
		chaintest.Must(t, os.CopyFS(dir, os.DirFS(whole)))
		chaintest.Must(t, os.Truncate(filepath.Join(dir, "db", "MANIFEST"), size))
		before := files(t, filepath.Join(dir, "db"))
		l, err := badgerlog.Open(dir, badgerlog.Options{ReadOnly: true})
		if err == nil {
			verified(t, l, 3)
			chaintest.Must(t, l.Close())
			continue
		}
		refused++
		if after := files(t, filepath.Join(dir, "db")); !errors.Is(err, chain.ErrCorrupt) || after != before {
			t.Errorf("cut to %d: %v; files %s, before %s", size, err, after, before)
		}
	}
	if refused == 0 {
		t.Error("no cut is refused")
	}
}

func TestEmptyFilesOfACrashAreRemoved(t *testing.T) {
	dir := written(t, 3)
	for _, name := range []string{"00077.mem", "000077.vlog"} {
		chaintest.Must(t, os.WriteFile(filepath.Join(dir, "db", name), nil, 0o600))
	}
	l := open(t, dir, badgerlog.Options{})
	verified(t, l, 3)
	chaintest.Must(t, l.Close())
	if strings.Contains(files(t, dir), "77") {
		t.Errorf("files %s", files(t, dir))
	}
}

// written makes a closed folder with a chain of n records of actor 1.
func written(t *testing.T, n uint64) string {
	t.Helper()
	dir := t.TempDir()
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Begin(t, w, chaintest.ID(1))
	chaintest.Fill(t, w, chaintest.ID(1), 1, n)
	chaintest.Must(t, l.Close())
	return dir
}

// verified checks that actor 1 has n records in order.
func verified(t *testing.T, l chain.Log, n uint64) {
	t.Helper()
	verifiedChain(t, l, chaintest.ID(1), n)
}

func verifiedChain(t *testing.T, l chain.Log, id chain.ID, n uint64) {
	t.Helper()
	report, err := chain.Verify(t.Context(), l, id)
	chaintest.Must(t, err)
	s, err := l.Summary(t.Context(), id)
	chaintest.Must(t, err)
	if report.Records != n || s.Records != n {
		t.Errorf("actor %s: %d records and a summary of %d, want %d", id, report.Records, s.Records, n)
	}
}

// files lists a folder's files but the lock.
func files(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	chaintest.Must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "lock" {
			names = append(names, d.Name())
		}
		return err
	}))
	return strings.Join(names, " ")
}
