package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors/node"
)

// detachedLog is the file in the data folder to which a detached node writes.
const detachedLog = "node.log"

// detach starts a node with the same settings as a process of its own, and returns
// once it is ready. It hears of that as a service manager does.
func (p *program) detach(c *cli.Context, s node.Settings) error {
	ctx := c.Context
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
	cmd := exec.Command(p.path, served(c)...)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+told.LocalAddr().String(), envDetachedLog+"="+log.Name())
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

// served are the words that start a node like the one that c describes, but attached.
func served(c *cli.Context) []string {
	words := []string{c.Command.Name}
	if c.IsSet("config") {
		words = append(words, "--config="+c.String("config"))
	}
	given := flagsGiven(c)
	for _, k := range node.Keys() {
		for _, value := range given[k.Flag()] {
			words = append(words, "--"+k.Flag()+"="+value)
		}
	}
	return words
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
	fmt.Fprintf(p.err, "process %d, its log is %s; theater node shutdown%s ends it\n", pid, escape(log), escape(at))
	_, err := fmt.Fprintf(p.out, "unix:%s\n", s.Socket)
	return err
}

// startFailure is why a node did not become ready, as the end of its log says.
func startFailure(exit error, log *os.File, from int64) error {
	if info, err := log.Stat(); err == nil && info.Size() < from {
		from = 0 // it has begun anew
	}
	text, err := io.ReadAll(io.NewSectionReader(log, from, 1<<20))
	if err != nil {
		return err
	}
	f := &failure{code: codeFailed}
	var exited *exec.ExitError
	if errors.As(exit, &exited) && exited.ExitCode() > 0 {
		f.code = exited.ExitCode()
	}
	if f.hint, f.cause = lastWords(text); f.cause == nil {
		f.cause, f.hint = fmt.Errorf("the node ended before it was ready: %w", cmp.Or(exit, errEndedWell)), log.Name()+" is its log"
	}
	return f
}

// errEndedWell is of a node that ended as if it had been told to.
var errEndedWell = errors.New("exit status 0")

// lastWords are the error with which a log ends, in the form of complain or as an
// object; nil where it ends with something else.
func lastWords(log []byte) (hint string, cause error) {
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	var told struct{ Error, Hint string }
	if json.Unmarshal([]byte(lines[len(lines)-1]), &told) == nil && told.Error != "" {
		return told.Hint, errors.New(told.Error)
	}
	var problems []error
	for _, line := range lines {
		switch problem, ok := strings.CutPrefix(line, "theater: "); {
		case ok:
			problems = append(problems, errors.New(problem))
		case len(problems) > 0 && strings.HasPrefix(line, "  "):
			hint = strings.TrimSpace(line)
		default: // it ends with neither
			problems, hint = nil, ""
		}
	}
	return hint, errors.Join(problems...)
}
