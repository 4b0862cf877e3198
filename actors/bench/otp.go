package bench

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// otpSource is an Erlang module with processes that crash and OTP's supervisors
// that start them again.
//
//go:embed otp.erl
var otpSource []byte

// otp is the module in a process of its own, for as long as that runs.
type otp struct {
	children int
	in       io.WriteCloser
	out      *bufio.Reader

	closers
}

// openOTP compiles the module in a temporary folder and runs it. Without Erlang
// the error is exec.ErrNotFound.
func openOTP(ctx context.Context, children int) (*otp, error) {
	for _, command := range []string{"erl", "erlc"} {
		if _, err := exec.LookPath(command); err != nil {
			return nil, err
		}
	}
	o := &otp{children: children}
	return o, o.opened(ctx, func() error {
		folder, err := o.folder()
		if err != nil {
			return err
		}
		source := filepath.Join(folder, "otp.erl")
		if err := os.WriteFile(source, otpSource, 0o666); err != nil {
			return err
		}
		switch output, err := exec.CommandContext(ctx, "erlc", "-o", folder, source).CombinedOutput(); {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return fmt.Errorf("compile otp.erl: %w\n%s", err, output)
		}
		return o.run(exec.CommandContext(ctx, "erl", "-noshell", "-pa", folder, "-run", "otp", "main", strconv.Itoa(children)))
	})
}

// run starts the process, which ends with its standard input.
func (o *otp) run(erl *exec.Cmd) (err error) {
	if o.in, err = erl.StdinPipe(); err != nil {
		return err
	}
	out, err := erl.StdoutPipe()
	if err != nil {
		return err
	}
	o.out = bufio.NewReader(out)
	if err := erl.Start(); err != nil {
		return err
	}
	o.onClose(func(ctx context.Context) error {
		err := errors.Join(o.in.Close(), erl.Wait())
		if erl.ProcessState.ExitCode() < 0 { // the run was given up
			return nil
		}
		return err
	})
	return nil
}

// restarts lets the processes crash about n times in all, one after each restart,
// and waits until each is restarted.
func (o *otp) restarts(ctx context.Context, n int) (int, error) {
	each := max(1, n/o.children)
	if _, err := fmt.Fprintln(o.in, each); err != nil {
		return 0, err
	}
	line, err := o.out.ReadString('\n')
	switch {
	case ctx.Err() != nil:
		return 0, context.Cause(ctx)
	case err != nil || line != "done\n":
		return 0, fmt.Errorf("the Erlang program says %q: %v", line, err)
	}
	return each * o.children, nil
}
