package cli

import (
	"context"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// deed is something that is done to each of several actors. It returns the actor as
// it then is, and how it ended if it did.
type deed func(ctx context.Context, n *conn, target string) (*theaterv1.Actor, *theaterv1.Exit, error)

// done is what came of a deed, as JSON shows it.
type done struct {
	Target string     `json:"target"`
	Path   string     `json:"path,omitempty"`
	ID     string     `json:"id,omitempty"`
	Status string     `json:"status,omitempty"`
	Exit   *exitJSON  `json:"exit,omitempty"`
	Error  *errorJSON `json:"error,omitempty"`
}

// exitJSON is how an actor ended.
type exitJSON struct {
	Reason string `json:"reason"`
	Detail string `json:"detail"`
	Trap   *trap  `json:"trap,omitempty"`
	// What it left, as text where it is some.
	Data       *string `json:"data,omitempty"`
	DataBase64 []byte  `json:"data_base64,omitempty"`
}

func newExit(e *theaterv1.Exit) *exitJSON {
	if e == nil {
		return nil
	}
	f := newLiveFailure(e)
	shown := &exitJSON{Reason: f.Reason, Detail: f.Detail, Trap: f.Trap}
	switch text := string(e.Data); {
	case text == "":
	case utf8.ValidString(text):
		shown.Data = &text
	default:
		shown.DataBase64 = e.Data
	}
	return shown
}

// errorJSON is why something was not done.
type errorJSON struct {
	Code    string `json:"code"` // of docs/api.md
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func newErrorJSON(err error) *errorJSON {
	shown := &errorJSON{Code: "failed", Message: err.Error(), Hint: hintOf(err)}
	var told *api.Error
	if errors.As(err, &told) {
		shown.Code = told.Code
	}
	return shown
}

// each does something to all targets of a command line. One that fails is named and
// the rest is done; below says that one below another is done with it.
func (l *live) each(c *cli.Context, below bool, do deed) error {
	targets, err := arguments(c, 1, -1, "a TARGET: the path or id of an actor")
	if err != nil {
		return err
	}
	return l.with(c, func(ctx context.Context, n *conn) error {
		e := &eachOf{live: l, below: below, results: []done{}}
		for _, target := range targets {
			if err := e.one(ctx, n, target, do); err != nil {
				return err
			}
		}
		return e.conclude()
	})
}

// eachOf is what came of the targets so far.
type eachOf struct {
	*live
	below   bool
	paths   []string // of those that it was done to
	results []done
	code    int // of those that failed, codeFailed when it is not the same for all
}

func (e *eachOf) one(ctx context.Context, n *conn, target string, do deed) error {
	actor, exit, err := do(ctx, n, target)
	err = n.suggestTarget(ctx, err, target)
	switch {
	case err != nil && e.below && is(err, api.CodeNoActor) && e.wasBelow(target):
		e.results = append(e.results, done{Target: target, Path: target})
		return nil
	case err != nil:
		e.fail(target, err)
		return nil
	}
	e.paths = append(e.paths, actor.GetPath())
	e.results = append(e.results, done{Target: target, Path: actor.GetPath(), ID: actor.GetId(), Status: actor.GetStatus(), Exit: newExit(exit)})
	if e.format.value != "text" {
		return nil
	}
	_, err = io.WriteString(e.out, escape(actor.GetPath())+"\n")
	return err
}

func (e *eachOf) fail(target string, err error) {
	e.results = append(e.results, done{Target: target, Error: newErrorJSON(err)})
	if code := codeOf(err); e.code == codeOK || e.code == code {
		e.code = code
	} else {
		e.code = codeFailed
	}
	if !strings.Contains(err.Error(), target) {
		err = prefixed(target, err)
	}
	e.complain(err)
}

// wasBelow reports whether an actor above the target was among those before it.
func (e *eachOf) wasBelow(target string) bool {
	for _, path := range e.paths {
		if strings.HasPrefix(target, path+"/") {
			return true
		}
	}
	return false
}

func (e *eachOf) conclude() error {
	if e.format.value != "text" {
		if err := e.show(e.results); err != nil {
			return err
		}
	}
	if e.code != codeOK {
		return reported(e.code)
	}
	return nil
}
