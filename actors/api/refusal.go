package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm"
)

// refusal is an error with all that the API says of it.
type refusal struct {
	code  string
	field string
	hint  string
	retry time.Duration
	text  string
	cause error
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.cause }

// refuse makes a refusal without a field. Of the args, one that is an error is its
// cause.
func refuse(code, format string, args ...any) *refusal {
	err := fmt.Errorf(format, args...)
	return &refusal{code: code, text: err.Error(), cause: errors.Unwrap(err)}
}

// invalid says that a field of the request may not have its value.
func invalid(field, format string, args ...any) *refusal {
	return refuse(CodeInvalid, format, args...).at(field)
}

func (r *refusal) at(field string) *refusal { r.field = field; return r }

func (r *refusal) hinting(hint string) *refusal { r.hint = hint; return r }

func (r *refusal) again(after time.Duration) *refusal { r.retry = after; return r }

// maxText bounds the text of an error, in bytes: some of it is the guests', and it
// has to fit into a header.
const maxText = 4096

// wire is the error as it is sent.
func (r *refusal) wire() *connect.Error {
	words := text(r.text)
	if len(words) > maxText {
		words = strings.ToValidUTF8(words[:maxText], "") + "…"
	}
	sent := connect.NewError(statuses[r.code], errors.New(words))
	info := &theaterv1.ErrorInfo{Code: r.code, Field: r.field, Hint: r.hint}
	if r.retry > 0 {
		info.RetryAfter = durationpb.New(r.retry)
	}
	if detail, err := connect.NewErrorDetail(info); err == nil { // it always is a message
		sent.AddDetail(detail)
	}
	return sent
}

// known are errors of other packages that have a code of their own.
var known = []struct {
	err  error
	code string
	hint string
}{
	{actors.ErrMailboxFull, CodeMailboxFull, "try again when the actor has handled some of its messages, or raise limits.mailbox_messages and limits.mailbox_bytes of its manifest"},
	{actors.ErrNotRegistered, CodeNoMessages, "Call takes any export; Send and Request need an actor that registers"},
	{actors.ErrCancelled, CodeRequestCancelled, ""},
	{actors.ErrNoActor, CodeNoActor, "List shows the live actors; a target is a path or an id"},
	{actors.ErrStopped, CodeEnded, ""},
	{actors.ErrNoChild, CodeEnded, ""},
	{actors.ErrOvertaken, CodeEnded, ""},
	{actors.ErrNoRestarts, CodeEnded, ""},
	{actors.ErrBusy, CodeChanging, ""},
	{actors.ErrLeft, CodeLeft, "Info says why it is not back; a spawn with supersede ends it and takes its path"},
	{actors.ErrRecovering, CodeRecovering, ""},
	{actors.ErrClosed, CodeStopping, ""},
	{wasm.ErrEngineClosed, CodeStopping, ""},
	{chain.ErrNoSpace, CodeNoSpace, "make room on the disk of the data folder; the node goes on by itself then"},
	{wasm.ErrNodeMemory, CodeNodeMemory, "stop actors, or give the node a greater memory budget"},
	{chain.ErrAmbiguous, CodeAmbiguous, "say more of the id"},
	{chain.ErrNotFound, CodeNoChain, "ListChains shows the actors that the data folder has"},
	{chain.ErrCorrupt, CodeCorrupt, ""},
	{chain.ErrClosed, CodeStopping, ""},
	{chain.ErrStaleWriter, CodeStopping, ""},
}

// retries are when it may be worth while to try again.
var retries = map[string]time.Duration{
	CodeMailboxFull: 100 * time.Millisecond, CodeChanging: 100 * time.Millisecond,
	CodeRecovering: time.Second,
	CodeNoSpace:    10 * time.Second, CodeNodeMemory: time.Second,
}

// refusalOf finds what the API says of an error of the packages below.
func refusalOf(err error) *refusal {
	var ours *refusal
	var export *actors.NoExportError
	var durability *actors.DurabilityError
	var failed *actors.FailedError
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &export):
		return refuse(CodeNoExport, "%w", err).at("function")
	case errors.As(err, &durability):
		return refuse(CodeDurability, "%w", err)
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			return refuse(k.code, "%w", err).hinting(k.hint).again(retries[k.code])
		}
	}
	switch {
	case errors.As(err, &failed):
		return refuse(CodeGuestFailed, "%w", err).hinting("its events say what it did; Inspect shows its last turns")
	case errors.Is(err, context.DeadlineExceeded):
		return refuse(CodeDeadline, "%w", err)
	case errors.Is(err, context.Canceled):
		return refuse(CodeCancelled, "%w", err)
	}
	return refuse(CodeInternal, "%w", err)
}

// unprepared is why no actor can be made of a manifest.
func unprepared(err error) *refusal {
	var listed manifest.Errors
	var single *manifest.Error
	var link *actors.LinkError
	var abi *wasm.ABIError
	var file *fs.PathError
	var durability *actors.DurabilityError
	switch {
	case errors.As(err, &link):
		return refuse(CodeNotGranted, "%w", err)
	case errors.As(err, &abi):
		return refuse(CodePackage, "%w", err)
	case errors.As(err, &listed), errors.As(err, &single):
		return refuse(CodeManifest, "%w", err)
	case errors.Is(err, fs.ErrNotExist):
		return refuse(CodeNoManifest, "%w", err)
	case errors.As(err, &file):
		return refuse(CodeManifest, "%w", err)
	case errors.As(err, &durability):
		return refusalOf(err)
	}
	if r := refusalOf(err); r.code != CodeInternal {
		return r
	}
	return refuse(CodePackage, "%w", err) // the rest is the compiler's to say
}
