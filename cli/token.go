package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/actors/node"
)

const tokenText = `Who calls a node from another machine shows a token, or a certificate. The data folder
keeps hashes of the tokens; the token itself is printed once, when it is made. Tokens
are made and revoked while the node runs, and hold at once.

Scopes: read looks, which shows what actors hold; operate starts and ends actors and
sends them messages; admin ends the node, backs up its chains, and spawns what lies on
its machine.`

func (p *program) tokenCommand() *cli.Command {
	return &cli.Command{
		Name:        "token",
		Usage:       "make, list and revoke the tokens of a node",
		UsageText:   "theater token COMMAND [FLAGS] [ARGUMENTS]",
		Description: tokenText,
		Subcommands: []*cli.Command{p.tokenCreateCommand(), p.tokenListCommand(), p.tokenRevokeCommand()},
	}
}

// tokenFlags are those of all commands of tokens.
func tokenFlags(format *choice, own ...cli.Flag) []cli.Flag {
	return append(own,
		&cli.StringFlag{Name: "config", Usage: "the settings of the node are in `FILE`", DefaultText: "$" + node.ConfigEnv + ", else none"},
		&cli.StringFlag{Name: "data", Usage: "the data folder of the node is `DIR`", DefaultText: ".theater"},
		&cli.StringFlag{Name: "tokens", Usage: "its tokens are in the folder `DIR`", DefaultText: "tokens in the data folder"},
		outputFlag(format))
}

// tokensOf opens the tokens of the node whose settings a command names. Where there is
// no folder of them, it is made, or none is returned.
func tokensOf(c *cli.Context, make bool) (*api.Tokens, error) {
	e, err := node.LoadSettings(node.Sources{Flags: flagsGiven(c), Env: os.LookupEnv, File: c.String("config")})
	if err != nil {
		return nil, settingError(err)
	}
	if _, err := os.Stat(e.Tokens); !make && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return api.OpenTokens(e.Tokens)
}

// tokenJSON is a token in JSON.
type tokenJSON struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Scope   string     `json:"scope"`
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires"` // null is never
	Expired bool       `json:"expired"`
	Token   string     `json:"token,omitempty"` // once, when it is made
}

func newTokenJSON(t api.Token, now time.Time) tokenJSON {
	j := tokenJSON{ID: t.ID, Name: t.Name, Scope: t.Scope.String(), Created: t.Created}
	if !t.Expires.IsZero() {
		j.Expires, j.Expired = &t.Expires, !now.Before(t.Expires)
	}
	return j
}

func (p *program) tokenCreateCommand() *cli.Command {
	format, scope := choose("text", formatJSON), choose("read", "operate", "admin")
	return &cli.Command{
		Name:      "create",
		Usage:     "make a token and print it",
		UsageText: "theater token create --name NAME [FLAGS]",
		Description: `The token is the only line on standard output. It cannot be shown again.

Examples:
   theater token create --name deploy --scope operate --expires 90d
   THEATER_TOKEN=$(theater token create --name me --scope admin) theater ps --address https://localhost:7443`,
		Flags: tokenFlags(format,
			&cli.StringFlag{Name: "name", Usage: "who has it is called `NAME`, also on the chains of actors to whom he sends"},
			&cli.GenericFlag{Name: "scope", Value: scope, Usage: "it allows `SCOPE`: read, operate or admin"},
			&cli.StringFlag{Name: "expires", Usage: "it holds for `TIME`, such as 12h or 90d", DefaultText: "until it is revoked"}),
		Action: func(c *cli.Context) error {
			if _, err := arguments(c, 0, 0, ""); err != nil {
				return err
			}
			if c.String("name") == "" {
				return usagef("theater token create", "--name is missing: it says who has the token")
			}
			if err := api.CheckTokenName(c.String("name")); err != nil {
				return usagef("theater token create", "--name: %w", err)
			}
			granted, err := api.ParseScope(scope.value)
			if err != nil {
				return err
			}
			now := time.Now()
			expires, err := expiry(c.String("expires"), now)
			if err != nil {
				return err
			}
			tokens, err := tokensOf(c, true)
			if err != nil {
				return err
			}
			secret, t, err := tokens.Create(c.String("name"), granted, expires, now, rand.Reader)
			if err != nil {
				return err
			}
			if format.value == "text" {
				fmt.Fprintf(p.err, "token %s of %s, scope %s, %s, in %s; it is not shown again\n",
					t.ID, escape(t.Name), t.Scope, until(t), escape(tokens.Folder()))
			}
			return p.showNewToken(secret, t, now, format.value)
		},
	}
}

// expiry is when a token ends that holds for a time; days may be written as 90d. Zero
// is never.
func expiry(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	hours := text
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		if _, err := fmt.Sscanf(days+";", "%d;", &n); err == nil && n < 100_000 {
			hours = fmt.Sprintf("%dh", 24*n)
		}
	}
	d, err := time.ParseDuration(hours)
	if err != nil || d <= 0 {
		return time.Time{}, usagef("theater token create", "--expires %q is no time to hold: write it as 12h or 90d", text)
	}
	return now.Add(d), nil
}

func (p *program) showNewToken(secret string, t api.Token, now time.Time, format string) error {
	if format == formatJSON {
		j := newTokenJSON(t, now)
		j.Token = secret
		return p.writeJSON(j, true)
	}
	_, err := fmt.Fprintln(p.out, secret)
	return err
}

func until(t api.Token) string {
	if t.Expires.IsZero() {
		return "until it is revoked"
	}
	return "until " + moment(t.Expires.UnixNano())
}

func (p *program) tokenListCommand() *cli.Command {
	format := choose("text", formatJSON)
	return &cli.Command{
		Name:      "list",
		Usage:     "list the tokens",
		UsageText: "theater token list [FLAGS]",
		Description: `Shown is who has each token and what it allows, and not the token itself.

Examples:
   theater token list
   theater token list --data /var/lib/theater -o json`,
		Flags: tokenFlags(format),
		Action: func(c *cli.Context) error {
			if _, err := arguments(c, 0, 0, ""); err != nil {
				return err
			}
			tokens, err := tokensOf(c, false)
			if err != nil {
				return err
			}
			var all []api.Token
			var damaged error // beside those that can be read
			if tokens != nil {
				all, damaged = tokens.List()
			}
			now := time.Now()
			if format.value == formatJSON {
				list := make([]tokenJSON, 0, len(all))
				for _, t := range all {
					list = append(list, newTokenJSON(t, now))
				}
				return errors.Join(p.writeJSON(list, true), damaged)
			}
			rows := [][]string{{"ID", "NAME", "SCOPE", "CREATED", "EXPIRES"}}
			for _, t := range all {
				ends := "never"
				if !t.Expires.IsZero() {
					ends = moment(t.Expires.UnixNano())
				}
				if newTokenJSON(t, now).Expired {
					ends += " (over)"
				}
				rows = append(rows, []string{t.ID, t.Name, t.Scope.String(), moment(t.Created.UnixNano()), ends})
			}
			return errors.Join(p.writeColumns(rows), damaged)
		},
	}
}

func (p *program) tokenRevokeCommand() *cli.Command {
	format := choose("text", formatJSON)
	return &cli.Command{
		Name:      "revoke",
		Usage:     "end a token",
		UsageText: "theater token revoke ID [FLAGS]",
		Description: `ID is that of theater token list. Who shows the token is refused from then on, and what
streams it has opened from the node end.

Examples:
   theater token revoke 0123456789abcdef`,
		Flags: tokenFlags(format),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1, "the ID of a token")
			if err != nil {
				return err
			}
			tokens, err := tokensOf(c, false)
			if err != nil {
				return err
			}
			if tokens == nil {
				return notFound(fmt.Errorf("%.40q: %w", args[0], api.ErrNoToken), "theater token create makes one")
			}
			t, err := tokens.Revoke(args[0])
			switch {
			case errors.Is(err, api.ErrNoToken):
				return notFound(err, "theater token list shows them")
			case err != nil:
				return err
			case format.value == formatJSON:
				return p.writeJSON(newTokenJSON(t, time.Now()), true)
			}
			_, err = fmt.Fprintf(p.out, "revoked %s of %s\n", t.ID, escape(t.Name))
			return err
		},
	}
}
