package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// lookTime bounds the search for what may have been meant.
const lookTime = time.Second

// suggestTarget adds to the error that there is no actor at target which one may
// have been meant. Other errors stay as they are.
func (n *conn) suggestTarget(ctx context.Context, err error, target string) error {
	var f *failure
	var told *api.Error
	if target == "" || !is(err, api.CodeNoActor) || !errors.As(err, &f) || !errors.As(err, &told) {
		return err
	}
	what := "at " + target
	if !strings.Contains(target, "/") {
		what = "with the id " + target
	}
	named := *told
	named.Message = "there is no actor " + what + n.meant(ctx, target)
	return &failure{code: f.code, cause: &named, hint: f.hint}
}

// meant says that the actor at target has ended, where its supervisor still knows it,
// or names the live actor whose path is most like the target.
func (n *conn) meant(ctx context.Context, target string) string {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	page, err := n.Actors.List(ctx, &theaterv1.ListRequest{PageSize: maxPage, Fields: []string{"path", "name", "status"}})
	if err != nil {
		return "" // it is only to help
	}
	paths := make([]string, 0, len(page.Actors))
	for _, a := range page.Actors {
		ended := a.Status == string(actors.StatusEnded)
		switch {
		case a.Path == target && ended:
			return ": it has ended"
		case ended:
			continue
		case "/"+a.Name == "/"+strings.TrimPrefix(target, "/") && a.Path != target: // the name alone
			return ", did you mean " + a.Path + "?"
		}
		paths = append(paths, a.Path)
	}
	return suggest(target, paths)
}

// askAbout is ask for a request about one actor.
func askAbout[Req, Res any](ctx context.Context, n *conn, target string, method func(context.Context, *Req) (*Res, error), request *Req) (*Res, error) {
	answer, err := ask(ctx, n, method, request)
	return answer, n.suggestTarget(ctx, err, target)
}
