package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors/node"
)

const serveText = `The node holds the actors of a data folder: it brings back those that an earlier one
has left, takes new ones and messages for them at its socket, and goes on until it is
told to end. theater ps, spawn, request and the others talk to it.

Ctrl-C or SIGTERM ends it in order: messages that wait are handled for as long as
--drain says, and the actors suspended, so that the next start brings them back. A
second signal does not wait. SIGHUP reads the certificates again. When the log
takes no more records, the node ends with code 1.

With --detach the node runs in the background: the command returns when it is ready,
and prints its address. What it logs is appended to node.log in the data folder; when
that has 16 MiB it begins anew, and what was in it is in node.log.old.

Each flag can be given in a file instead, and in the environment: --log-level is level
in the table [log], and THEATER_LOG_LEVEL. A flag goes before the environment, that
before the file, and that before the default. docs/serve.md has a table of all.

Examples:
   theater serve
   theater serve --detach && theater ps
   theater serve --data /var/lib/theater --http 127.0.0.1:9464
   theater serve --config /etc/theater.toml --check-config
   theater serve --listen 0.0.0.0:7443 --tls-cert node.pem --tls-key node.key --tls-client-ca ca.pem`

func (p *program) serveCommand() *cli.Command {
	format := choose("text", formatJSON)
	flags := []cli.Flag{
		&cli.StringFlag{Name: "config", Usage: "read settings from `FILE`, in TOML", DefaultText: "$" + node.ConfigEnv + ", else none"},
		&cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, Usage: "return once the node is ready, and leave it running", DisableDefaultText: true},
		&cli.BoolFlag{Name: "check-config", Usage: "show what the settings are and where each comes from, and end", DisableDefaultText: true},
	}
	for _, k := range node.Keys() {
		flags = append(flags, flagOf(k))
	}
	return &cli.Command{
		Name:        "serve",
		Usage:       "run a node that stays, for actors that stay",
		UsageText:   "theater serve [FLAGS]",
		Description: serveText,
		Flags:       append(flags, outputFlag(format)),
		Action: func(c *cli.Context) error {
			if _, err := arguments(c, 0, 0, ""); err != nil {
				return err
			}
			e, err := node.LoadSettings(node.Sources{Flags: flagsGiven(c), Env: os.LookupEnv, File: c.String("config")})
			if err != nil {
				return settingError(err)
			}
			if c.Bool("check-config") {
				return p.checkConfig(c.Context, e, format.value)
			}
			if c.Bool("detach") {
				return p.detach(c, e.Settings)
			}
			return p.serve(c.Context, e.Settings)
		},
	}
}

// placeholders are what stands for the value of a flag, by the key's type.
var placeholders = map[string]string{
	"string": "TEXT", "integer": "NUMBER", "duration": "TIME", "size": "SIZE", "path": "PATH", "paths": "PATH",
}

// flagOf is a setting as a flag.
func flagOf(k node.Key) cli.Flag {
	usage, _, _ := strings.Cut(strings.ReplaceAll(k.Meaning, "`", ""), ". ")
	usage = strings.ToLower(usage[:1]) + strings.TrimSuffix(usage[1:], ".")
	if k.Type == "boolean" {
		return &cli.BoolFlag{Name: k.Flag(), Usage: usage, Value: k.Default == "true", DefaultText: k.Default}
	}
	usage = "`" + placeholders[k.Type] + "`" + placeholderEnd + usage
	if k.Type == "paths" {
		return pathsFlag{&cli.StringSliceFlag{Name: k.Flag(), Usage: usage + "; may be repeated", DefaultText: k.Default}}
	}
	return textFlag{&cli.StringFlag{Name: k.Flag(), Usage: usage, DefaultText: k.Default}}
}

// textFlag and pathsFlag show the word that stands for a value behind the flag alone;
// the library wants it in the usage.
type (
	textFlag  struct{ *cli.StringFlag }
	pathsFlag struct{ *cli.StringSliceFlag }
)

const placeholderEnd = ": "

func (f textFlag) String() string  { return withoutPlaceholder(f.StringFlag.String()) }
func (f pathsFlag) String() string { return withoutPlaceholder(f.StringSliceFlag.String()) }

func withoutPlaceholder(text string) string {
	flag, usage, _ := strings.Cut(text, "\t")
	_, usage, _ = strings.Cut(usage, placeholderEnd)
	return flag + "\t" + usage
}

// flagsGiven are the settings that stand on the command line.
func flagsGiven(c *cli.Context) map[string][]string {
	given := map[string][]string{}
	for _, k := range node.Keys() {
		name := k.Flag()
		switch {
		case !c.IsSet(name):
		case k.Type == "paths":
			given[name] = c.StringSlice(name)
		case k.Type == "boolean":
			given[name] = []string{fmt.Sprint(c.Bool(name))}
		default:
			given[name] = []string{c.String(name)}
		}
	}
	return given
}

// settingError is a mistake on the command line where that is where it stands, or that
// the file of the settings is not there.
func settingError(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return notFound(err, "--config and "+node.ConfigEnv+" name the file; theater serve --check-config shows what is set without one")
	}
	var wrong *node.SettingError
	if errors.As(err, &wrong) && wrong.Source == "flag" {
		return &failure{code: codeUsage, cause: err, hint: "theater serve --help shows how it is used"}
	}
	return err
}

// serve runs a node to its end.
func (p *program) serve(ctx context.Context, s node.Settings) error {
	text := s.Log.Format == "text" || s.Log.Format == "auto" && p.err.terminal
	logger := p.logger(s.Log, text)
	config := node.DaemonConfig{Settings: s, Logger: logger, Compiler: p.compiler(), Kill: p.kill}
	v := programVersions()
	config.Version, config.Revision = v.Theater, v.Revision
	if p.hangup != nil {
		hung, stop := p.hangup()
		defer stop()
		config.Hangup = hung
	}
	if p.err.terminal {
		starting, over := p.showStart()
		defer over()
		config.Starting = starting
		config.Ready = func(r node.Readiness) {
			over()
			p.welcome(r)
		}
	}
	err := node.Serve(ctx, config)
	if err == nil || text {
		return err
	}
	// Who reads objects does not get a line of text among them.
	said := []any{"error", err}
	if hint := hintOf(err); hint != "" {
		said = append(said, "hint", hint)
	}
	logger.Error("node ends", said...)
	return reported(codeOf(err))
}

// welcome tells at a terminal what to type next.
func (p *program) welcome(r node.Readiness) {
	at := ""
	if address := cmp.Or(os.Getenv(envAddress), "unix:"+node.DefaultSocket()); address != r.Addresses[0] {
		at = " --address " + r.Addresses[0]
	}
	fmt.Fprintf(p.err, "ready at %s\n", escape(strings.Join(r.Addresses, " and ")))
	fmt.Fprintf(p.err, "  in another terminal, theater spawn%s DIR starts an actor and theater ps%s shows all; Ctrl-C ends the node\n", escape(at), escape(at))
}

// levels are those of log.level.
var levels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}

// logger writes to standard error: text for people, else an object a line.
func (p *program) logger(s node.LogSettings, text bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: levels[s.Level]}
	var to io.Writer = p.err
	if path := os.Getenv(envDetachedLog); path != "" {
		to = &boundedLog{to: p.err, path: path, most: maxDetachedLog}
	}
	if !text {
		return slog.New(slog.NewJSONHandler(jsonLines{to}, options))
	}
	if p.err.terminal {
		options.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey && len(groups) == 0 {
				return slog.String(a.Key, a.Value.Time().Format("15:04:05.000"))
			}
			return a
		}
	}
	return slog.New(slog.NewTextHandler(to, options)) // which quotes what a terminal would act upon
}

// jsonLines escapes in objects, of which each Write has one, what a terminal would act
// upon.
type jsonLines struct{ to io.Writer }

func (j jsonLines) Write(line []byte) (int, error) {
	body, end := line, ""
	if n := len(line); n > 0 && line[n-1] == '\n' {
		body, end = line[:n-1], "\n"
	}
	if _, err := j.to.Write(append(escapeJSON(body), end...)); err != nil {
		return 0, err
	}
	return len(line), nil
}
