package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/theater-go/theater/actors/node"
)

// detachedLog is the file in the data folder to which a detached node writes.
const detachedLog = "node.log"

// detach starts the same command without --detach as a process of its own, and
// returns once it is ready. It hears of that as a service manager does.
func (p *program) detach(ctx context.Context, s node.Settings) error {
	if p.path == "" {
		return errors.New("the path of this program is not known, so no node of its own can be started: leave out --detach")
	}
	log, err := openDetachedLog(s.Data)
	if err != nil {
		return err
	}
	defer log.Close()
	said, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "theater-start-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	told, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		return err
	}
	defer told.Close()
	cmd := exec.Command(p.path, slices.DeleteFunc(slices.Clone(p.args), func(a string) bool { return a == "--detach" || a == "-d" })...)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+told.LocalAddr().String())
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = log, log, apart()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start a node: %w", err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- cmd.Wait()
		told.Close()
	}()
	stop := context.AfterFunc(ctx, func() { told.Close() })
	defer stop()
	if p.awaitReady(told) == nil {
		return p.detached(cmd.Process.Pid, s, log.Name())
	}
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), cmd.Process.Signal(os.Interrupt))
	}
	return startFailure(<-ended, log, said)
}

// openDetachedLog opens the log to append to it. It is its owner's alone.
func openDetachedLog(data string) (*os.File, error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	return os.OpenFile(filepath.Join(data, detachedLog), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
}

// errNotReady is of a node that ended, or was not waited for.
var errNotReady = errors.New("the node is not ready")

// awaitReady reads what the node tells of itself until it is ready.
func (p *program) awaitReady(told *net.UnixConn) error {
	return p.err.during("starting the node", startQuiet, func(next func(string)) error {
		message := make([]byte, 64<<10)
		for {
			n, err := told.Read(message)
			if err != nil {
				return errNotReady
			}
			for line := range strings.Lines(string(message[:n])) {
				line = strings.TrimSpace(line)
				if line == "READY=1" {
					return nil
				}
				if status, ok := strings.CutPrefix(line, "STATUS="); ok {
					next(escape(status))
				}
			}
		}
	})
}

// startQuiet is how long a start may take before it is shown.
const startQuiet = time.Second

// detached tells where the node is.
func (p *program) detached(pid int, s node.Settings, log string) error {
	at := ""
	if s.Socket != node.DefaultSocket() {
		at = " --address unix:" + s.Socket
	}
	fmt.Fprintf(p.err, "its log is %s; theater node shutdown%s ends it\n", escape(log), escape(at))
	_, err := fmt.Fprintf(p.out, "unix:%s process %d\n", s.Socket, pid)
	return err
}

// startFailure is why a node did not become ready, as the end of its log says.
func startFailure(exit error, log io.ReaderAt, from int64) error {
	text, err := io.ReadAll(io.NewSectionReader(log, from, 1<<20))
	if err != nil {
		return err
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	last := lines[len(lines)-1]
	var told struct{ Error, Hint string }
	if json.Unmarshal(last, &told) != nil || told.Error == "" {
		told.Error = strings.TrimPrefix(string(last), "theater: ")
	}
	code := codeFailed
	var exited *exec.ExitError
	if errors.As(exit, &exited) && exited.ExitCode() > 0 {
		code = exited.ExitCode()
	}
	return &failure{code: code, cause: errors.New(told.Error), hint: told.Hint}
}
