package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
)

// diagnose looks at all that the doctor knows of. What follows from the settings is
// left out when those are wrong.
func (l *live) diagnose(ctx context.Context, from node.Sources) []finding {
	v := programVersions()
	findings := []finding{
		fine("program", "theater %s, %s, %s", v.Theater, v.Go, v.Platform),
		examineGo(ctx), examineClock(time.Now()), examineFiles(),
	}
	if e, err := node.LoadSettings(from); err != nil {
		findings = append(findings, fails("settings", "theater serve --check-config shows where each comes from", "%s", inOneLine(err)))
	} else {
		findings = append(findings, examineSettings(ctx, e), examineCache(e.Cache), examineMemory(int64(e.Memory)), examineData(e.Data))
		findings = append(findings, examineCheckpoint(e.Data)...)
		findings = append(findings, examineFolder(e.Socket), examineSocket(ctx, e.Socket, v.Theater))
	}
	if l.address != "" {
		findings = append(findings, l.examineAddress(ctx, v.Theater))
	}
	return findings
}

// inOneLine are errors that are joined.
func inOneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

func examineGo(ctx context.Context) finding {
	const name, advice = "go", "actors in Go are built by it: install it from https://go.dev/dl; actors that are built run without"
	path, err := exec.LookPath("go")
	if err != nil {
		return warns(name, advice, "there is no go command")
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "env", "GOVERSION").Output()
	if err != nil {
		return warns(name, advice, "%s does not tell its version: %v", path, err)
	}
	return fine(name, "%s at %s", strings.TrimSpace(string(out)), path)
}

// probeTime bounds each look at something that may not answer.
const probeTime = 5 * time.Second

// released is before the first version of this program.
var released = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

func examineClock(now time.Time) finding {
	if now.Before(released) {
		return fails("clock", "set the time of this machine: ids and chains are made with it", "it is %s here", now.Format(time.DateTime))
	}
	return fine("clock", "%s", now.Format("2006-01-02 15:04:05 MST"))
}

// What a node needs of open files: a few for its data folder, and one for each client.
const (
	fewFiles  = 256
	manyFiles = 4096
)

func examineFiles() finding {
	n, known := openFiles()
	const advice = "raise it with ulimit -n, or LimitNOFILE in a systemd unit"
	switch {
	case !known:
		return fine("open files", "no limit is known here")
	case n < fewFiles:
		return fails("open files", advice, "at most %d, and a node needs %d", n, fewFiles)
	case n < manyFiles:
		return warns("open files", advice, "at most %d: enough for few clients", n)
	}
	return fine("open files", "at most %d", n)
}

func examineSettings(ctx context.Context, e *node.Effective) finding {
	if err := e.Check(ctx, time.Now); err != nil {
		return fails("settings", hintOf(err), "%s", inOneLine(err))
	}
	if e.File == "" {
		return fine("settings", "no file; theater serve --check-config shows them")
	}
	return fine("settings", "of %s; theater serve --check-config shows them", e.File)
}

func examineCache(dir string) finding {
	const name = "cache"
	if dir == "" {
		return warns(name, "set HOME or XDG_CACHE_HOME, or name a folder with --cache", "there is none: modules are compiled again by each start")
	}
	if err := writable(dir); err != nil {
		return fails(name, "name another folder with --cache", "%v", err)
	}
	return fine(name, "%s", dir)
}

// writable says why nothing can be written to a folder, or to the nearest one above it
// that is there, in which it would be made.
func writable(dir string) error {
	for {
		info, err := os.Stat(dir)
		parent := filepath.Dir(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist) && parent != dir:
			dir = parent
			continue
		case err != nil:
			return err
		case !info.IsDir():
			return fmt.Errorf("%s is no folder", dir)
		}
		f, err := os.CreateTemp(dir, ".theater-doctor-*")
		if err != nil {
			return err
		}
		return errors.Join(f.Close(), os.Remove(f.Name()))
	}
}

func examineMemory(budget int64) finding {
	const name = "memory"
	total, known := machineMemory()
	switch {
	case !known:
		return fine(name, "the machine does not tell how much it has")
	case budget == 0:
		return warns(name, "theater serve --memory bounds what all actors together may have", "no bound; the machine has %s", size(total))
	case budget > total:
		return warns(name, "lower --memory: the system may end the node before its actors reach that", "the bound is %s, and the machine has %s", size(budget), size(total))
	}
	return fine(name, "the bound is %s of %s", size(budget), size(total))
}

func examineData(dir string) finding {
	const name = "data folder"
	face, err := badgerlog.Look(dir)
	switch {
	case errors.Is(err, chain.ErrNotFound):
		if err := writable(dir); err != nil {
			return fails(name, "name another folder with --data", "%v", err)
		}
		if _, err := os.Stat(dir); err == nil {
			return fine(name, "%s has no chains yet; a node makes them", dir)
		}
		return fine(name, "%s is not there yet; a node makes it", dir)
	case err != nil:
		return fails(name, hintOf(err), "%v", err)
	case face.Free < face.Needed:
		return fails(name, "make room on the disk, or name another folder with --data", "%s has %s free, and records need %s", dir, size(face.Free), size(face.Needed))
	}
	held := "no process has it open"
	if face.Holder != nil {
		held = fmt.Sprintf("process %d has it open", face.Holder.PID)
	}
	what := fmt.Sprintf("%s, %s, %s free, %s", dir, face.Durability, size(face.Free), held)
	if face.Free < 4*face.Needed {
		return warns(name, "make room on the disk soon", "%s", what)
	}
	return fine(name, "%s", what)
}

// examineCheckpoint looks at the checkpoint of a folder that has chains.
func examineCheckpoint(dir string) []finding {
	const name = "checkpoint"
	if _, err := badgerlog.Look(dir); err != nil {
		return nil // examineData says so
	}
	signed, _, err := badgerlog.SignedCheckpoint(dir)
	switch {
	case errors.Is(err, chain.ErrNotFound):
		return []finding{warns(name, "a node signs what is there when it opens the folder", "none: nothing shows whether all is there that was written")}
	case err != nil:
		return []finding{fails(name, repairHint(dir), "%v", err)}
	}
	c := newCheckpointRow(signed)
	return []finding{fine(name, "%s, signed %s by %s", count(c.Blocks, "block"), c.Signed, c.Signer)}
}

func examineFolder(socket string) finding {
	const name = "socket folder"
	dir := filepath.Dir(socket)
	if path, err := filepath.Abs(socket); err == nil {
		if err := node.CheckSocketPath(path); err != nil {
			return fails(name, "name a shorter one with --socket", "%v", err)
		}
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := writable(dir); err != nil {
			return fails(name, "name a socket elsewhere with --socket", "%v", err)
		}
		return fine(name, "%s is not there yet; a node makes it", dir)
	}
	if err := node.CheckSocketFolder(dir); err != nil {
		return fails(name, "name a socket elsewhere with --socket", "%v", err)
	}
	if err := writable(dir); err != nil {
		return fails(name, "name a socket elsewhere with --socket", "%v", err)
	}
	return fine(name, "%s", dir)
}
