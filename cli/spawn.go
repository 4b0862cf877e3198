package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors/manifest"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm/pack"
)

const spawnText = `PATH is a manifest or a folder with a manifest.toml. Where a folder of its tree
holds Go source, that is built first. A node on this machine reads the rest there;
a node at https is sent the manifests and modules that the actor needs: those that
it declares, and when it may start others, all below its folder. The actor's path
is printed when it has started, and nothing else.

The name is that of the manifest unless --name says another. --state is the state
before init: a literal that is read as the type that init declares, and where that is
any names its types, as ("text", 5u8, true); or @FILE with one, or with the bytes of
theater state --raw.

An actor that the node could not bring back keeps its path, until --supersede ends it
in favour of the new one.

--wait waits for the end of the actor: what it ends with is printed below its path,
and when it has failed the exit code is 1. Ctrl-C ends the waiting; the actor goes on.

Examples:
   theater spawn examples/counter
   theater spawn examples/counter --name second --state '"5"'
   theater request $(theater spawn examples/counter) increment
   theater spawn job --wait`

// spawnOptions are what the flags of spawn say.
type spawnOptions struct {
	name, state             string
	wait, bundle, supersede bool
}

func (p *program) spawnCommand() *cli.Command {
	l, o := p.newLive(), &spawnOptions{}
	l.bound += ", with --wait 0"
	return &cli.Command{
		Name:        "spawn",
		Usage:       "start an actor on a node",
		UsageText:   "theater spawn PATH [--name NAME] [--state LITERAL] [--wait]",
		Description: spawnText,
		Flags: l.flags(
			&cli.StringFlag{Name: "name", Destination: &o.name, Usage: "call the actor `NAME`", DefaultText: "the manifest's"},
			&cli.StringFlag{Name: "state", Destination: &o.state, Usage: "begin with the state `LITERAL`, or that of @FILE", DefaultText: "the manifest's"},
			&cli.BoolFlag{Name: "wait", Usage: "wait for the end of the actor", DisableDefaultText: true, Destination: &o.wait},
			&cli.BoolFlag{Name: "bundle", Usage: "send manifests and modules to a node on this machine, too", DisableDefaultText: true, Destination: &o.bundle},
			&cli.BoolFlag{Name: "supersede", Usage: "end what the node could not bring back at the path", DisableDefaultText: true, Destination: &o.supersede},
		),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1, "a PATH: a manifest or a folder with one")
			if err != nil {
				return err
			}
			request := &theaterv1.SpawnRequest{Name: o.name, Supersede: o.supersede}
			if c.IsSet("state") {
				if err := setState(request, o.state); err != nil {
					return err
				}
			}
			m, err := loadManifest(args[0])
			if err != nil {
				return err
			}
			if err := p.build(c.Context, sources(m)); err != nil {
				return err
			}
			l.endless = o.wait
			return l.with(c, func(ctx context.Context, n *conn) error {
				if err := n.setSource(request, m, o.bundle); err != nil {
					return err
				}
				return n.spawn(ctx, m, request, o.wait)
			})
		},
	}
}

// setState reads --state into a request.
func setState(request *theaterv1.SpawnRequest, text string) error {
	if file, isFile := strings.CutPrefix(text, "@"); isFile {
		content, err := readFile(file)
		if err != nil {
			return prefixed("--state", err)
		}
		if _, err := pack.Decode(content); err == nil {
			request.State = &theaterv1.SpawnRequest_StateEncoded{StateEncoded: content}
			return nil
		}
	}
	literal, err := readLiteral(text)
	if err != nil {
		return prefixed("--state", err)
	}
	request.State = &theaterv1.SpawnRequest_StateLiteral{StateLiteral: literal}
	return nil
}

// setSource says where the node finds what is to be spawned, or brings it along.
func (n *conn) setSource(request *theaterv1.SpawnRequest, m *manifest.Manifest, bundled bool) error {
	if !bundled && strings.HasPrefix(n.Address(), "unix:") {
		path, err := filepath.Abs(m.File)
		request.Source = &theaterv1.SpawnRequest_Path{Path: path}
		return err
	}
	b, err := newBundle(m)
	request.Source = &theaterv1.SpawnRequest_Bundle{Bundle: b}
	return err
}

// spawned is an actor that was started, as JSON shows it.
type spawned struct {
	Path   string    `json:"path"`
	ID     string    `json:"id"`
	Name   string    `json:"name"`
	Module string    `json:"module"`
	Exit   *exitJSON `json:"exit,omitempty"` // with --wait
}

// spawn starts an actor, and waits for its end if that is wanted.
func (n *conn) spawn(ctx context.Context, m *manifest.Manifest, request *theaterv1.SpawnRequest, wait bool) error {
	var watched *changes
	if wait { // from before it starts, so that no end is missed
		var err error
		if watched, err = n.watch(ctx, ""); err != nil {
			return err
		}
		defer watched.close()
	}
	var answer *theaterv1.SpawnResponse
	err := n.live.err.during("starting "+escape(m.Name), quietStart, func(func(string)) (err error) {
		answer, err = ask(ctx, n, n.Actors.Spawn, request)
		return err
	})
	if err != nil {
		about("/"+cmp.Or(request.Name, m.Name), err)
		return err
	}
	a := answer.Actor
	shown := spawned{Path: a.GetPath(), ID: a.GetId(), Name: a.GetName(), Module: a.GetModule()}
	if n.live.format.value == "text" {
		if _, err := fmt.Fprintln(n.live.out, escape(shown.Path)); err != nil {
			return err
		}
	}
	if !wait {
		return n.showSpawned(shown)
	}
	exit, err := watched.end(ctx, a)
	switch {
	case err == nil:
	case errors.Is(err, ErrInterrupted):
		fmt.Fprintf(n.live.err, "%s goes on\n", escape(shown.Path))
		return n.showSpawned(shown)
	default:
		return err
	}
	return n.showEnd(shown, exit)
}

func (n *conn) showSpawned(s spawned) error {
	if n.live.format.value == "text" {
		return nil
	}
	return n.live.show(s)
}

// showEnd shows how the actor ended; it is an error when it has failed.
func (n *conn) showEnd(s spawned, exit *theaterv1.Exit) error {
	s.Exit = newExit(exit)
	if err := n.showSpawned(s); err != nil {
		return err
	}
	if len(exit.Data) > 0 && n.live.format.value == "text" {
		if err := n.live.writeBytes(exit.Data, false); err != nil {
			return err
		}
	}
	if !failedExit(exit) {
		return nil
	}
	return fmt.Errorf("actor %s ended: %s", s.Path, whyLive(exit))
}
