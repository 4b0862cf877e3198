package badgerlog_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// small is a file system of its own in memory, in megabytes.
type small struct {
	t   *testing.T
	dir string
}

const inNamespace = "BADGERLOG_TEST_NAMESPACE"

// onTmpfs runs f on a file system of a few megabytes. It is mounted in a namespace of a
// process that runs the same test again.
func onTmpfs(t *testing.T, mib int, f func(small)) {
	t.Helper()
	if os.Getenv(inNamespace) != "" {
		f(small{t, mounted(t, mib)})
		return
	}
	why := namespaced("-test.run=^TestTheMachineMounts$")
	if why.Run() != nil {
		t.Skip("the machine gives this user no namespace to mount a file system in; TestWhatWasAdmittedWaitsWhileTheDiskHasNoRoomForIt asks the same of a disk that is pretended")
	}
	out, err := namespaced("-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=2m").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("%v\n%s", err, out)
	}
}

func namespaced(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	return cmd
}

// TestTheMachineMounts fails in a namespace in which nothing can be mounted.
func TestTheMachineMounts(t *testing.T) {
	if os.Getenv(inNamespace) == "" {
		t.Skip("it is asked by those that need it")
	}
	mounted(t, 1)
}

func mounted(t *testing.T, mib int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	chaintest.Must(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)))
	t.Cleanup(func() { chaintest.Must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// grow makes it larger.
func (s small) grow(mib int) {
	s.t.Helper()
	chaintest.Must(s.t, syscall.Mount("tmpfs", s.dir, "tmpfs", syscall.MS_REMOUNT, fmt.Sprintf("size=%dm", mib)))
}

func (s small) free() uint64 {
	var st syscall.Statfs_t
	chaintest.Must(s.t, syscall.Statfs(s.dir, &st))
	return st.Bavail * uint64(st.Bsize)
}

// fill is what others do: they leave no byte.
func (s small) fill() {
	s.t.Helper()
	f, err := os.OpenFile(filepath.Join(s.dir, "others"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	chaintest.Must(s.t, err)
	for _, size := range []int64{1 << 20, 4096, 1} {
		for err == nil {
			_, err = io.CopyN(f, zeros{}, size)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			s.t.Fatal(err)
		}
		err = nil
	}
	chaintest.Must(s.t, f.Close())
	if n := s.free(); n != 0 {
		s.t.Fatalf("%d bytes are left", n)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// tight are the options of a log on a small file system, which needs 18 MiB.
func tight() badgerlog.Options { return badgerlog.Scaled(badgerlog.Options{}, 1<<20, 4<<20) }

// stuffed appends records that do not compress, and knows what is acknowledged.
type stuffed struct {
	t     *testing.T
	w     chain.Writer
	next  uint64
	noise *rand.ChaCha8
	acked chan appended
}

type appended struct {
	number uint64
	hash   chain.Hash
	err    error
}

func stuff(t *testing.T, w chain.Writer) *stuffed {
	return &stuffed{t, w, 0, rand.NewChaCha8([32]byte{}), make(chan appended, 1<<16)}
}

// append appends a record of some kilobytes to actor 1.
func (s *stuffed) append() {
	s.t.Helper()
	body := make([]byte, 4000)
	_, _ = s.noise.Read(body) // it never fails
	rec := chaintest.Turn(chaintest.ID(1), s.next, 10)
	if s.next == 0 {
		rec = chaintest.Genesis(chaintest.ID(1), s.w.PutBlob(chaintest.Module))
	} else {
		rec.Events[1].(*chain.Host).Output = chain.Payload{Form: chain.FormInline, Bytes: body, Length: uint64(len(body))}
	}
	s.next++
	chaintest.Must(s.t, s.w.Append(chaintest.Draft(rec), chaintest.Ack(func(r *chain.Stored, err error) {
		s.acked <- appended{r.Number, r.Hash, err}
	})))
}

// untilRefused appends as long as turns are admitted. So small a disk has no room for as
// much as may otherwise wait to be written.
func (s *stuffed) untilRefused() {
	s.t.Helper()
	for {
		err := s.w.Reserve(context.Background(), 4096)
		if errors.Is(err, chain.ErrNoSpace) {
			return
		}
		chaintest.Must(s.t, err)
		s.append()
		s.w.Release(4096)
		if s.next%256 == 0 {
			chaintest.Must(s.t, s.w.Flush(s.t.Context()))
		}
	}
}

// crowded is a log on a small file system that has taken all that was admitted.
func crowded(disk small) (dir string, l *badgerlog.Log, load *stuffed) {
	dir = filepath.Join(disk.dir, "data")
	l = open(disk.t, dir, tight())
	w, err := l.Writer(disk.t.Context())
	chaintest.Must(disk.t, err)
	load = stuff(disk.t, w)
	load.untilRefused()
	return dir, l, load
}

// acknowledged are those so far, which are all good.
func (s *stuffed) acknowledged() map[uint64]chain.Hash {
	s.t.Helper()
	all := map[uint64]chain.Hash{}
	for {
		select {
		case a := <-s.acked:
			chaintest.Must(s.t, a.err)
			all[a.number] = a.hash
		default:
			return all
		}
	}
}

// kept opens a folder and looks for what was acknowledged.
func (s *stuffed) kept(dir string, acked map[uint64]chain.Hash) {
	s.t.Helper()
	l := open(s.t, dir, badgerlog.Options{})
	defer func() { chaintest.Must(s.t, l.Close()) }()
	_, err := chain.Verify(s.t.Context(), l, chaintest.ID(1))
	chaintest.Must(s.t, err)
	left := len(acked)
	for _, rec := range chaintest.Records(s.t, l, chaintest.ID(1), 0) {
		hash, ok := acked[rec.Number]
		if ok && hash != rec.Hash {
			s.t.Fatalf("record %d has another hash than was acknowledged", rec.Number)
		}
		if ok {
			left--
		}
	}
	if left > 0 {
		s.t.Errorf("%d of %d acknowledged records are lost", left, len(acked))
	}
}

// TestADiskThatIsFilledToTheBrimUnderLoadCostsNoRecordAndNoProcess holds guarantees 18, 19.
func TestADiskThatIsFilledToTheBrimUnderLoadCostsNoRecordAndNoProcess(t *testing.T) {
	onTmpfs(t, 40, func(disk small) {
		dir, l, load := crowded(disk)
		w := load.w
		if load.next < 1000 {
			t.Errorf("only %d records were admitted", load.next)
		}
		t.Logf("%d records are admitted, %d MiB are free", load.next, disk.free()>>20)
		over := make(chan struct{})
		go func() { // turns that were admitted go on
			defer close(over)
			for range 300 {
				load.append()
			}
		}()
		disk.fill()
		<-over
		t.Logf("%d records are appended, %d bytes are free", load.next, disk.free())
		if err := w.Room(); !errors.Is(err, chain.ErrNoSpace) || !strings.Contains(err.Error(), "has 0 MiB free, and 13 MiB are needed") {
			t.Errorf("room: %v", err)
		}
		report, err := chain.Verify(t.Context(), l, chaintest.ID(1))
		chaintest.Must(t, err)
		t.Logf("%d records are read", report.Records)

		killed, acked := snapshotOf(t, dir), load.acknowledged()
		load.kept(killed, acked)

		chaintest.Must(t, os.Remove(filepath.Join(disk.dir, "others")))
		disk.grow(160)
		chaintest.Must(t, w.Flush(t.Context()))
		chaintest.Must(t, w.Reserve(t.Context(), 4096))
		w.Release(4096)
		for range 100 {
			load.append()
		}
		chaintest.Must(t, l.Close())
		maps.Copy(acked, load.acknowledged())
		if uint64(len(acked)) != load.next {
			t.Errorf("%d of %d records are acknowledged", len(acked), load.next)
		}
		load.kept(dir, acked)
	})
}

func TestALogOnAFullDiskIsClosedInOrderAndIsReadAgain(t *testing.T) {
	onTmpfs(t, 40, func(disk small) {
		dir, l, load := crowded(disk)
		chaintest.Must(t, load.w.Flush(t.Context()))
		disk.fill()
		load.append() // and it waits
		chaintest.Must(t, l.Close())
		acked := load.acknowledged()
		if uint64(len(acked)) != load.next {
			t.Errorf("%d of %d records are acknowledged", len(acked), load.next)
		}

		l = open(t, dir, tight())
		verified(t, l, load.next)
		w, err := l.Writer(t.Context())
		chaintest.Must(t, err)
		if err := w.Reserve(t.Context(), 1); !errors.Is(err, chain.ErrNoSpace) {
			t.Errorf("a turn is admitted: %v", err)
		}
		chaintest.Must(t, l.Close())

		disk.fill()
		if _, err := badgerlog.Open(dir, tight()); !errors.Is(err, chain.ErrNoSpace) {
			t.Errorf("with no byte left it is opened: %v", err)
		}
		disk.grow(160)
		load.kept(dir, acked)
	})
}
