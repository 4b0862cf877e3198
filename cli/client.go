package cli

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/actors/node"
)

// The environment that commands read which talk to a node.
const (
	envAddress = "THEATER_ADDRESS"
	envToken   = "THEATER_TOKEN"
	envCA      = "THEATER_CA"
	envCert    = "THEATER_CERT"
	envKey     = "THEATER_KEY"
)

// defaultTimeout bounds a command that asks a node for something.
const defaultTimeout = 30 * time.Second

// live is what all commands have in common that talk to a node: how it is reached,
// how long that may take, and how the result is shown. Each command has its own.
type live struct {
	*program
	address, token string
	ca, cert, key  string // files
	timeout        time.Duration
	grace          time.Duration // that the node gives actors, which is waited for besides
	endless        bool          // there is no bound unless --timeout gives one
	bound          string        // what --timeout is when nothing is said, for people
	format         *choice
}

// newLive is for a command; most of its fields are set by its flags.
func (p *program) newLive() *live {
	return &live{program: p, format: choose("text", formatJSON), bound: defaultTimeout.String()}
}

// liveFromEnvironment is for what has no flags.
func (p *program) liveFromEnvironment(timeout time.Duration) *live {
	l := p.newLive()
	l.address, l.token, l.timeout = os.Getenv(envAddress), os.Getenv(envToken), timeout
	l.ca, l.cert, l.key = os.Getenv(envCA), os.Getenv(envCert), os.Getenv(envKey)
	return l
}

// flags are those of a command, and behind them those that all of these have.
func (l *live) flags(own ...cli.Flag) []cli.Flag {
	return l.reachFlags(append(own, outputFlag(l.format))...)
}

// reachFlags is flags for a command whose result has one form.
func (l *live) reachFlags(own ...cli.Flag) []cli.Flag {
	return append(own,
		&cli.StringFlag{Name: "address", Destination: &l.address, EnvVars: []string{envAddress},
			Usage: "the node is at `ADDRESS`: unix:PATH or https://HOST:PORT", DefaultText: "this user's node on this machine"},
		&cli.DurationFlag{Name: "timeout", Destination: &l.timeout, Value: defaultTimeout,
			Usage: "give up after `TIME`, 0 for never", DefaultText: l.bound},
		&cli.StringFlag{Name: "token", Destination: &l.token, EnvVars: []string{envToken},
			Usage: "`TOKEN` that the node knows this client by, or @FILE that holds it"},
		&cli.StringFlag{Name: "ca", Destination: &l.ca, EnvVars: []string{envCA},
			Usage: "`FILE` with the certificates that vouch for the node", DefaultText: "those of this machine"},
		&cli.StringFlag{Name: "cert", Destination: &l.cert, EnvVars: []string{envCert}, Usage: "`FILE` with this client's certificate"},
		&cli.StringFlag{Name: "key", Destination: &l.key, EnvVars: []string{envKey}, Usage: "`FILE` with the key of --cert"},
	)
}

// conn is a node that a command talks to.
type conn struct {
	*api.Client
	live *live
}

// errTimeout is the cause with which the context of a conn ends at --timeout.
var errTimeout = errors.New("the time of --timeout is over")

// with lends the node to f; its context ends when --timeout says. f returns what ask
// and explain make of the node's errors.
func (l *live) with(c *cli.Context, f func(ctx context.Context, n *conn) error) error {
	if c.IsSet("timeout") {
		if l.timeout < 0 {
			return usagef(c.Command.HelpName, "--timeout %s is no time to wait", l.timeout)
		}
		l.endless = l.timeout == 0
	} else {
		l.timeout += l.grace
	}
	n, err := l.dial(c.Command.HelpName)
	if err != nil {
		return err
	}
	defer n.Close()
	if l.endless {
		return f(c.Context, n)
	}
	ctx, cancel := context.WithTimeoutCause(c.Context, l.timeout, errTimeout)
	defer cancel()
	return f(ctx, n)
}

// dial makes a client for the command of that name. Nothing is connected yet.
func (l *live) dial(command string) (*conn, error) {
	config := api.DialConfig{Address: l.address}
	if config.Address == "" {
		socket := node.DefaultSocket()
		if err := trusted(socket); err != nil {
			return nil, err
		}
		config.Address = "unix:" + socket
	}
	var err error
	if config.Token, err = l.secret(); err != nil {
		return nil, err
	}
	if config.TLS, err = l.tls(command); err != nil {
		return nil, err
	}
	client, err := api.Dial(config)
	if err != nil {
		return nil, usagef(command, "%w", err)
	}
	return &conn{Client: client, live: l}, nil
}

// secret is the token, from its file if it is in one.
func (l *live) secret() (string, error) {
	file, isFile := strings.CutPrefix(l.token, "@")
	if !isFile {
		return l.token, nil
	}
	text, err := readFile(file)
	if err != nil {
		return "", prefixed("--token", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// ask calls a method of the node, such as n.Actors.List.
func ask[Req, Res any](ctx context.Context, n *conn, method func(context.Context, *Req) (*Res, error), request *Req) (*Res, error) {
	answer, err := method(ctx, request)
	if err == nil {
		return answer, nil
	}
	err = n.explain(ctx, err)
	if to, ok := any(request).(interface{ GetTarget() string }); ok {
		about(to.GetTarget(), err)
	}
	return nil, err
}

// about has the hint of an error name what the command was about.
func about(target string, err error) {
	var f *failure
	if errors.As(err, &f) {
		f.hint = strings.Replace(f.hint, hintTarget, target, 1)
	}
}

// show writes a result for programs.
func (l *live) show(v any) error { return l.writeJSON(v, true) }
