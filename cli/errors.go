package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/replay"
	"github.com/theater-go/theater/wasm"
)

// The exit codes.
const (
	codeOK         = 0
	codeFailed     = 1
	codeUsage      = 2
	codeNotFound   = 3
	codeUnverified = 4
	codeDiverged   = 5
	codeNoNode     = 6
	codeNotAllowed = 7
)

// failure is an error whose exit code or hint its cause does not tell. One
// without a cause has been reported already.
type failure struct {
	code  int
	cause error
	hint  string // what to do about it, may be empty
}

func (f *failure) Error() string { return f.cause.Error() }

func (f *failure) Unwrap() error { return f.cause }

// reported ends a command that has said itself what went wrong.
func reported(code int) error { return &failure{code: code} }

func notFound(cause error, hint string) error {
	return &failure{code: codeNotFound, cause: cause, hint: hint}
}

// usagef is a mistake on the command line of command, such as "theater run".
func usagef(command, format string, args ...any) error {
	return &failure{code: codeUsage, cause: fmt.Errorf(format, args...), hint: command + " --help shows how it is used"}
}

// usageOf is the mistake that the flag parser found.
func usageOf(c *cli.Context, err error, _ bool) error {
	text := strings.Replace(err.Error(), " for flag -", " for flag --", 1)
	if what, parse := strings.CutSuffix(text, ": parse error"); parse {
		wanted := "a whole number"
		if strings.HasSuffix(what, "--for") || strings.HasSuffix(what, "--timeout") {
			wanted = "a time such as 500ms, 5s or 1h"
		}
		text = what + ": it is " + wanted
	}
	return usagef(c.Command.HelpName, "%s", text)
}

// prefixed says in front of an error what it is about.
func prefixed(what string, err error) error {
	var f *failure
	if !errors.As(err, &f) || f.cause == nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	about := *f
	about.cause = fmt.Errorf("%s: %w", what, f.cause)
	return &about
}

// report shows an error and returns the exit code.
func (p *program) report(err error) int {
	if err == nil || p.unread(err) {
		return codeOK
	}
	var f *failure
	if !errors.As(err, &f) || f.cause != nil {
		p.complain(err)
	}
	return codeOf(err)
}

// unread reports whether an error is that nobody reads the results any more, as behind
// | head. Who does has what he wanted.
func (p *program) unread(err error) bool {
	var at *fs.PathError
	out, ok := p.out.(*os.File)
	return ok && errors.As(err, &at) && errors.Is(at.Err, syscall.EPIPE) && at.Path == out.Name()
}

// mostShown is how many lines of a kind are shown; programs see all.
const mostShown = 20

// firstOf joins problems, but not very many.
func firstOf(all []error) error {
	if more := len(all) - mostShown; more > 0 {
		all = append(slices.Clone(all[:mostShown]), fmt.Errorf("and %d more, which -o json shows", more))
	}
	return errors.Join(all...)
}

// complain shows an error, one line for each problem, and its hint.
func (p *program) complain(err error) {
	for _, problem := range problems(err) {
		fmt.Fprintf(p.err, "%s %s\n", p.err.red("theater:"), escape(problem.Error()))
	}
	if hint := hintOf(err); hint != "" {
		fmt.Fprintf(p.err, "  %s\n", escape(hint))
	}
}

// problems takes an error apart where it is several.
func problems(err error) []error {
	var several interface{ Unwrap() []error }
	var f *failure
	var of manifest.Errors
	switch {
	case errors.As(err, &of):
		return of.Unwrap()
	case errors.As(err, &f):
		err = f.cause
	}
	if several, _ = err.(interface{ Unwrap() []error }); several == nil || !strings.Contains(err.Error(), "\n") {
		return []error{err}
	}
	return several.Unwrap()
}

func codeOf(err error) int {
	var f *failure
	var d *replay.Divergence
	switch {
	case errors.As(err, &f):
		return f.code
	case errors.As(err, &d):
		return codeDiverged
	}
	return codeFailed
}

// hintOf is what a person can do about an error; often nothing is known.
func hintOf(err error) string {
	var f *failure
	var trap *wasm.Trap
	var compile *wasm.CompileError
	var used *node.SocketInUseError
	var exposed *node.ExposedError
	switch {
	case errors.As(err, &f) && f.hint != "":
		return f.hint
	case errors.Is(err, chain.ErrInUse):
		return "wait until that process has ended (theater node shutdown ends a node), or name another folder with --data"
	case errors.Is(err, chain.ErrVersion):
		return "a newer theater made it: use that one, or name another folder with --data"
	case errors.Is(err, chain.ErrCorrupt):
		return "theater chain verify says what of a data folder is damaged, theater data repair DIR --to NEW saves what is whole"
	case errors.Is(err, replay.ErrSealed):
		return "what a sealed chain hides is kept apart from it, in the data folder of the node that wrote it: replay it there"
	case errors.Is(err, chain.ErrNoSpace):
		return "make room on the disk, or name another folder with --data"
	case errors.Is(err, exec.ErrNotFound):
		return "actors in Go are built by the go command: install it from https://go.dev/dl"
	case errors.Is(err, actors.ErrNotRegistered):
		return "--call calls any export of the actor, registered or not"
	case errors.Is(err, context.Canceled):
		return ""
	case errors.Is(err, node.ErrLogStopped):
		return "what was answered is kept; see to the disk and start the node again"
	case errors.As(err, &used):
		return "theater ps shows what the node there does; --socket names another one"
	case errors.As(err, &exposed):
		return "--tls-cert and --tls-key say who the node is, theater token create or --tls-client-ca who may call it; docs/serve.md has more"
	case errors.As(err, &compile):
		return compileHint(compile)
	case errors.Is(err, wasm.ErrNodeMemory):
		return "--memory says how much all actors together may have"
	case errors.As(err, &trap) && trap.Kind == wasm.KindDeadline:
		return "[limits] turn_time in the manifest says how long a turn may take"
	case errors.As(err, &trap) && strings.Contains(trap.Message, "out of memory"):
		return "[limits] memory in the manifest says how much an actor may have"
	}
	return ""
}
