package badgerlog_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

var damages = flag.Int("damages", 60, "how many random damages of a folder are tried")

// Verdicts on a damaged folder.
const (
	refused  = "refused"  // it does not open
	reported = "reported" // verification says what is wrong
	harmless = "harmless" // all is there
)

// Badger may end the process, so the damaged folders are opened in a child.
//
// It holds guarantee 24.
func TestADamagedFolderIsReportedOrHarmless(t *testing.T) {
	aboutFiles(t)
	dir := t.TempDir()
	closed := filepath.Join(dir, "closed")
	killed := filepath.Join(dir, "killed")
	wellUsed(t, closed, killed)
	counts := map[string]int{}
	for seed := 0; seed < *damages; {
		seed += judged(t, dir, seed, counts)
	}
	t.Logf("%v", counts)
	if counts[refused] == 0 || counts[reported] == 0 || counts[harmless] == 0 {
		t.Errorf("%v: damage of some kind was not met", counts)
	}
}

// wellUsed makes a folder with tables, several value logs and blobs, and a copy of it as
// a killed process leaves it.
func wellUsed(t *testing.T, closed, killed string) {
	t.Helper()
	n := uint64(1)
	for round := range 4 {
		l := open(t, closed, badgerlog.Options{})
		w, err := l.Writer(t.Context())
		chaintest.Must(t, err)
		for id := range 3 {
			if round == 0 {
				chaintest.Begin(t, w, chaintest.ID(id))
			}
			chaintest.Fill(t, w, chaintest.ID(id), n, n+60)
			rec := chaintest.Turn(chaintest.ID(id), n+60, 50)
			rec.Events[1].(*chain.Host).Output = chain.PutPayload(w, bytes.Repeat([]byte{byte(id), byte(round)}, 4000))
			chaintest.Must(t, w.Append(chaintest.Draft(rec), nil))
		}
		n += 61
		chaintest.Must(t, w.Flush(t.Context()))
		if round == 3 {
			_, err := l.Checkpoint(t.Context())
			chaintest.Must(t, err)
			chaintest.Must(t, copySparse(killed, closed))
		}
		chaintest.Must(t, l.Close())
	}
}

// judged has a child try damages from a seed on, and says how many it has tried: fewer
// than all that are left when the child died.
func judged(t *testing.T, dir string, from int, counts map[string]int) (tried int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "BADGERLOG_TEST_DAMAGE="+fmt.Sprint(dir, " ", from, " ", *damages))
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	chaintest.Must(t, err)
	chaintest.Must(t, cmd.Start())
	what := ""
	for in := bufio.NewScanner(out); in.Scan(); {
		damage, verdict, ok := strings.Cut(in.Text(), ": ")
		if !ok {
			what = damage
			tried++
			continue
		}
		what = ""
		verdict, _, _ = strings.Cut(verdict, " ")
		counts[verdict]++
		if testing.Verbose() || verdict != refused && verdict != reported && verdict != harmless {
			t.Log(in.Text())
		}
		if verdict != refused && verdict != reported && verdict != harmless {
			t.Errorf("%s", in.Text())
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%s: the process died: %v\n%.2000s", what, err, said.String())
	}
	return max(tried, 1)
}
func init() { children["BADGERLOG_TEST_DAMAGE"] = damageChild }

// damageChild tries the damages of some seeds and prints a line before each and one with
// the verdict after it.
func damageChild(args string) {
	var dir string
	var from, end int
	_, err := fmt.Sscan(args, &dir, &from, &end)
	exitOn(err)
	truths := map[string]map[chain.ID][]string{}
	for _, name := range []string{"closed", "killed"} {
		copied := filepath.Join(dir, "truth")
		exitOn(copySparse(copied, filepath.Join(dir, name)))
		l, err := badgerlog.Open(copied, badgerlog.Options{})
		exitOn(err)
		truths[name] = map[chain.ID][]string{}
		for s, err := range l.Actors(context.Background()) {
			exitOn(err)
			truths[name][s.ID], err = read(l, s.ID)
			exitOn(err)
		}
		exitOn(errors.Join(l.Close(), os.RemoveAll(copied)))
	}
	for seed := from; seed < end; seed++ {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		name := []string{"closed", "killed"}[seed%2]
		damaged := filepath.Join(dir, "damaged"+strconv.Itoa(seed))
		exitOn(copySparse(damaged, filepath.Join(dir, name)))
		what := fmt.Sprintf("seed %d, %s, %s", seed, name, damage(damaged, r))
		fmt.Println(what)
		fmt.Printf("%s: %s\n", what, judge(damaged, truths[name]))
		exitOn(os.RemoveAll(damaged))
	}
}

// damage changes one file at random, and says how.
func damage(dir string, r *rand.Rand) string {
	var paths []string
	exitOn(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	}))
	path := paths[r.IntN(len(paths))]
	b, err := os.ReadFile(path)
	exitOn(err)
	name := strings.TrimPrefix(path, dir+"/")
	used := trimmed(b)
	if used == 0 {
		exitOn(os.Remove(path))
		return name + " removed"
	}
	at := r.IntN(used)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	exitOn(err)
	defer f.Close()
	switch r.IntN(10) {
	case 0:
		exitOn(os.Remove(path))
		return name + " removed"
	case 1, 2:
		exitOn(f.Truncate(int64(at)))
		return fmt.Sprintf("%s cut to %d", name, at)
	case 3:
		_, err := f.WriteAt(make([]byte, min(4096, used-at)), int64(at))
		exitOn(err)
		return fmt.Sprintf("%s with zeros from %d on", name, at)
	default:
		_, err := f.WriteAt([]byte{b[at] ^ 1<<r.IntN(8)}, int64(at))
		exitOn(err)
		return fmt.Sprintf("%s with byte %d changed", name, at)
	}
}

// trimmed is how many bytes there are without the zeros at the end.
func trimmed(b []byte) int {
	zeros := make([]byte, 4096)
	for len(b) >= len(zeros) && bytes.Equal(b[len(b)-len(zeros):], zeros) {
		b = b[:len(b)-len(zeros)]
	}
	return len(bytes.TrimRight(b, "\x00"))
}

// judge opens a damaged folder and reads all that it should hold.
func judge(dir string, truth map[chain.ID][]string) (verdict string) {
	l, err := badgerlog.Open(dir, badgerlog.Options{})
	if err != nil {
		if !errors.Is(err, chain.ErrCorrupt) && !errors.Is(err, chain.ErrVersion) {
			return fmt.Sprintf("MISNAMED %q", err)
		}
		return fmt.Sprintf("%s %q", refused, err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			verdict += fmt.Sprintf(", not closed: %q", err)
		}
	}()
	report, err := l.Verify(context.Background(), badgerlog.VerifyOptions{})
	if err != nil {
		return fmt.Sprintf("UNVERIFIED %q", err)
	}
	failures := 0
	for id, want := range truth {
		got, err := read(l, id)
		if err != nil || len(got) != len(want) {
			failures++
		}
		for i := range got {
			if i >= len(want) || got[i] != want[i] {
				return fmt.Sprintf("WRONG actor %s record %d", id, i)
			}
		}
	}
	switch {
	case len(report.Damage) > 0:
		return fmt.Sprintf("%s %d, first %q; %d chains do not read", reported, len(report.Damage), report.Damage[0].Err, failures)
	case failures > 0:
		return fmt.Sprintf("UNREPORTED: %d chains do not read", failures)
	}
	return harmless
}

// read reads a chain, up to an error, and the blobs that it names.
func read(l *badgerlog.Log, id chain.ID) (records []string, err error) {
	for rec, err := range l.Records(context.Background(), id, 0) {
		if err != nil {
			return records, err
		}
		s, err := chain.Store(rec)
		if err != nil {
			return records, err
		}
		records = append(records, string(s.Append(nil)))
		for _, e := range rec.Events {
			if h, ok := e.(*chain.Host); ok && h.Output.Form == chain.FormBlob {
				if _, err := h.Output.Load(context.Background(), l); err != nil {
					return records, err
				}
			}
		}
	}
	return records, nil
}

// copySparse copies a folder and leaves holes where there are only zeros.
func copySparse(to, from string) error {
	b, zeros := make([]byte, 1<<20), make([]byte, 1<<20)
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if err != nil || d.IsDir() {
			return errors.Join(err, os.MkdirAll(target, 0o700))
		}
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		defer in.Close()
		out, err := os.OpenFile(target, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer out.Close()
		for at := int64(0); ; at += int64(len(b)) {
			n, err := io.ReadFull(in, b)
			if !bytes.Equal(b[:n], zeros[:n]) {
				if _, err := out.WriteAt(b[:n], at); err != nil {
					return err
				}
			}
			if err != nil {
				return out.Truncate(at + int64(n))
			}
		}
	})
}

// The damages by which Badger loses or invents records without a word, or dies.
//
// It holds guarantee 23.
func TestWhatTheDatabaseWouldNotNoticeIsRefused(t *testing.T) {
	aboutFiles(t)
	dir := t.TempDir()
	closed, killed := filepath.Join(dir, "closed"), filepath.Join(dir, "killed")
	wellUsed(t, closed, killed)
	half := func(path string) error {
		b, err := os.ReadFile(path)
		return errors.Join(err, os.Truncate(path, int64(trimmed(b)/2)))
	}
	flipped := func(path string) error {
		b, err := os.ReadFile(path)
		if err == nil {
			b[trimmed(b)/2] ^= 4
			err = os.WriteFile(path, b, 0o600)
		}
		return err
	}
	empty := func(path string) error { return os.Truncate(path, 0) }
	for name, c := range map[string]struct {
		from, pattern string
		damage        func(string) error
	}{
		"a table that is cut":                 {closed, "*.sst", half},
		"a table with another byte":           {closed, "*.sst", flipped},
		"a table that is gone":                {closed, "*.sst", os.Remove},
		"the newest values cut":               {closed, "*.vlog", half},
		"the newest values with another byte": {closed, "*.vlog", flipped},
		"a manifest that is gone":             {closed, "MANIFEST", os.Remove},
		"an empty manifest":                   {closed, "MANIFEST", empty},
		"no database":                         {closed, "../db", os.RemoveAll},
		"a log with another byte":             {killed, "*.mem", flipped},
		"a log that is gone":                  {killed, "*.mem", os.Remove},
		"an empty log":                        {killed, "*.mem", empty},
	} {
		t.Run(name, func(t *testing.T) {
			damaged := filepath.Join(t.TempDir(), "copy")
			chaintest.Must(t, copySparse(damaged, c.from))
			paths, err := filepath.Glob(filepath.Join(damaged, "db", c.pattern))
			chaintest.Must(t, err)
			chaintest.Must(t, c.damage(paths[len(paths)-1]))
			before := contents(t, damaged)
			_, err = badgerlog.Open(damaged, badgerlog.Options{})
			if !errors.Is(err, chain.ErrCorrupt) {
				t.Errorf("error %v", err)
			}
			if c.from == closed && contents(t, damaged) != before {
				t.Errorf("refused with %v, and changed", err)
			}
		})
	}
}

// contents is a sum over the files of a folder but the lock.
func contents(t *testing.T, dir string) string {
	t.Helper()
	sum := sha256.New()
	chaintest.Must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "lock" {
			return err
		}
		b, err := os.ReadFile(path)
		fmt.Fprintln(sum, d.Name(), len(b))
		_, _ = sum.Write(b)
		return err
	}))
	return hex.EncodeToString(sum.Sum(nil))
}
