package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"time"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// exitCodes are those of errors that a node answers with; of all others it is 1.
var exitCodes = map[string]int{
	api.CodeInvalid: codeUsage, api.CodeTooLarge: codeUsage,
	api.CodeNoActor: codeNotFound, api.CodeNoChain: codeNotFound, api.CodeNoEvent: codeNotFound, api.CodeNoBlob: codeNotFound,
	api.CodeNoManifest: codeNotFound, api.CodeNoExport: codeNotFound,
	api.CodeRecovering: codeNoNode, api.CodeStopping: codeNoNode,
	api.CodeUnauthenticated: codeNotAllowed, api.CodeForbidden: codeNotAllowed,
}

// hintTarget stands in a hint for what the command was about.
const hintTarget = "TARGET"

// hints are what to do about such an error on the command line. What is not here
// has the node's own hint.
var hints = map[string]string{
	api.CodeNoActor:         "theater ps shows the actors that live, theater chain list those that have ended, too",
	api.CodeNoChain:         "theater chain list shows the actors that the data folder has",
	api.CodeAmbiguous:       "theater ps -o json shows whole ids",
	api.CodeRecovering:      "wait until it is ready; --timeout says how long this command does",
	api.CodeDraining:        "theater serve starts a node that takes it",
	api.CodeStopping:        "theater serve starts one that stays",
	api.CodeUnauthenticated: "--token or " + envToken + " says who you are; theater token create makes one where the node is",
	api.CodeForbidden:       "theater token create makes one with a wider scope where the node is",
	api.CodeNoMessages:      "theater call calls any export of the actor, registered or not",
	api.CodeLeft:            "theater node info says why it is not back; --supersede ends it in favour of the new one",
	api.CodeEnded:           "theater chain show " + hintTarget + " says what it did to its end",
	api.CodeMailboxFull:     "try again when it has handled some of its messages; [limits] in its manifest says how many may wait",
	api.CodeGuestFailed:     "theater chain show " + hintTarget + " says what it did",
	api.CodeInitFailed:      "theater chain show " + hintTarget + " says what it did in its init",
	api.CodeChanging:        "try again in a moment",
	api.CodeNodeMemory:      "theater stop makes room, or theater serve --memory gives the node more",
	api.CodeManifest:        "theater validate checks a manifest and the module that it names",
	api.CodePackage:         "theater inspect FILE.wasm says whether a module runs here",
}

// explain turns an error of one of the node's services into one with an exit code
// and a hint. It is nil for nil.
func (n *conn) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	told := api.ErrorOf(err)
	if end, ok := ctx.Deadline(); ok && told.Code == api.CodeDeadline && time.Until(end) < lastLook {
		<-ctx.Done() // the node, which knows the time, was quicker
	}
	switch {
	case ctx.Err() != nil:
		return n.givenUp(ctx)
	case told.Code == api.CodeUnreachable:
		return n.unreachable(told)
	}
	f := &failure{code: codeFailed, cause: told, hint: told.Hint}
	if code, ok := exitCodes[told.Code]; ok {
		f.code = code
	}
	if hint, ok := hints[told.Code]; ok {
		f.hint = hint
	}
	return f
}

// is reports whether the node has answered with the code.
func is(err error, code string) bool {
	var told *api.Error
	return errors.As(err, &told) && told.Code == code
}

// unreachable is that nothing which answers is there, or that it is no node.
func (n *conn) unreachable(err *api.Error) error {
	f := &failure{
		code: codeNoNode, cause: fmt.Errorf("no node answers at %s", n.Address()),
		hint: "start one with theater serve, or name another with --address",
	}
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var alert tls.AlertError
	var network *net.OpError
	switch {
	case errors.Is(err, fs.ErrPermission):
		return &failure{code: codeNotAllowed, cause: fmt.Errorf("the node at %s is another user's", n.Address()), hint: f.hint}
	case errors.As(err, &authority), errors.As(err, &host):
		f.cause, f.hint = fmt.Errorf("the certificate of %s is not to be trusted: %w", n.Address(), err), "--ca names the certificates that vouch for the node"
	case errors.As(err, &alert):
		return &failure{code: codeNotAllowed, cause: fmt.Errorf("%s does not take this client: %w", n.Address(), err), hint: "--cert and --key name the certificate of a client"}
	case errors.Is(err, fs.ErrNotExist), errors.As(err, &network) && network.Net == "unix":
	default:
		f.cause = fmt.Errorf("%w: %w", f.cause, err)
	}
	return f
}

// lastLook is how long is waited for a node to say why it was too slow.
const lastLook = time.Second

// givenUp is that the command has to end. When its time is over, that may be because
// the node does not answer at all, or only recovers.
func (n *conn) givenUp(ctx context.Context) error {
	cause := context.Cause(ctx)
	if !errors.Is(cause, errTimeout) {
		return cause
	}
	late := &failure{code: codeFailed, cause: fmt.Errorf("not done within %s", n.live.timeout), hint: "--timeout says how long may be waited, 0 for ever"}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
	defer cancel()
	health, err := n.Node.Health(ctx, &theaterv1.HealthRequest{})
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		late.code, late.cause = codeNoNode, fmt.Errorf("no node answers at %s within %s", n.Address(), n.live.timeout)
	case err != nil && api.ErrorOf(err).Code == api.CodeUnreachable:
		return n.unreachable(api.ErrorOf(err))
	case health.GetState() == theaterv1.NodeState_NODE_STATE_RECOVERING:
		late.code, late.cause = codeNoNode, fmt.Errorf("the node still recovers its actors after %s", n.live.timeout)
	}
	return late
}
