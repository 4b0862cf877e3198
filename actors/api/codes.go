package api

import "connectrpc.com/connect"

// The codes of errors are stable. Each is explained in docs/api.md.
const (
	// About who calls and how.
	CodeUnauthenticated = "unauthenticated" // no token, or none that is known
	CodeForbidden       = "forbidden"       // the token's scope does not reach so far
	CodeRate            = "rate"            // too many requests
	CodeBusy            = "busy"            // too many at once
	CodeTooLarge        = "too_large"       // the request is
	CodeSlow            = "slow"            // the request did not come in time
	CodeMalformed       = "malformed"       // it cannot be read
	CodeNoMethod        = "no_method"
	CodeInvalid         = "invalid" // a field has no value that it may have
	CodeDeadline        = "deadline"
	CodeCancelled       = "cancelled" // by the client
	CodeInternal        = "internal"

	// About the node.
	CodeRecovering = "recovering"
	CodeDraining   = "draining"
	CodeStopping   = "stopping"
	CodeNoSpace    = "no_space"    // the disk is full
	CodeNodeMemory = "node_memory" // guests may have no more
	CodeCorrupt    = "corrupt"     // what the data folder has is not what was written

	// About what is asked for.
	CodeNoActor          = "no_actor"
	CodeAmbiguous        = "ambiguous"
	CodeNoChain          = "no_chain"
	CodeNoEvent          = "no_event"
	CodeNoBlob           = "no_blob"
	CodeNoManifest       = "no_manifest"
	CodeManifest         = "manifest" // it is not valid
	CodePackage          = "package"  // the module is not one that runs here
	CodeNotGranted       = "not_granted"
	CodeDurability       = "durability"
	CodeInitFailed       = "init_failed"
	CodeLeft             = "left"        // one that could not be brought back has the path
	CodeEnded            = "ended"       // the actor has
	CodeNoMessages       = "no_messages" // the actor takes none
	CodeNoExport         = "no_export"
	CodeMailboxFull      = "mailbox_full"
	CodeGuestFailed      = "guest_failed"
	CodeRequestCancelled = "request_cancelled" // by the actor
	CodeChanging         = "changing"          // the actor starts or stops

	// CodeUnreachable is of an error that no node has answered.
	CodeUnreachable = "unreachable"
)

// statuses are the codes that gRPC and Connect have for those of ours.
var statuses = map[string]connect.Code{
	CodeUnauthenticated: connect.CodeUnauthenticated,
	CodeForbidden:       connect.CodePermissionDenied,
	CodeRate:            connect.CodeResourceExhausted,
	CodeBusy:            connect.CodeResourceExhausted,
	CodeTooLarge:        connect.CodeResourceExhausted,
	CodeSlow:            connect.CodeDeadlineExceeded,
	CodeMalformed:       connect.CodeInvalidArgument,
	CodeNoMethod:        connect.CodeUnimplemented,
	CodeInvalid:         connect.CodeInvalidArgument,
	CodeDeadline:        connect.CodeDeadlineExceeded,
	CodeCancelled:       connect.CodeCanceled,
	CodeInternal:        connect.CodeInternal,

	CodeRecovering: connect.CodeUnavailable,
	CodeDraining:   connect.CodeUnavailable,
	CodeStopping:   connect.CodeUnavailable,
	CodeNoSpace:    connect.CodeResourceExhausted,
	CodeNodeMemory: connect.CodeResourceExhausted,
	CodeCorrupt:    connect.CodeDataLoss,

	CodeNoActor:          connect.CodeNotFound,
	CodeAmbiguous:        connect.CodeInvalidArgument,
	CodeNoChain:          connect.CodeNotFound,
	CodeNoEvent:          connect.CodeNotFound,
	CodeNoBlob:           connect.CodeNotFound,
	CodeNoManifest:       connect.CodeNotFound,
	CodeManifest:         connect.CodeInvalidArgument,
	CodePackage:          connect.CodeInvalidArgument,
	CodeNotGranted:       connect.CodeInvalidArgument,
	CodeDurability:       connect.CodeFailedPrecondition,
	CodeInitFailed:       connect.CodeAborted,
	CodeLeft:             connect.CodeFailedPrecondition,
	CodeEnded:            connect.CodeFailedPrecondition,
	CodeNoMessages:       connect.CodeFailedPrecondition,
	CodeNoExport:         connect.CodeNotFound,
	CodeMailboxFull:      connect.CodeResourceExhausted,
	CodeGuestFailed:      connect.CodeAborted,
	CodeRequestCancelled: connect.CodeAborted,
	CodeChanging:         connect.CodeAborted,

	CodeUnreachable: connect.CodeUnavailable,
}
