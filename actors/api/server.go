package api

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm"
)

// Config is what a Server is given. It takes no ownership.
type Config struct {
	System   *actors.System    // required
	Log      chain.Tailer      // required; reads the chains of System
	Node     Node              // required
	Handlers manifest.Registry // what manifests may grant; required
	// Backup writes a backup of the log to to, and tells begun before that about how many
	// bytes there will be; nil is for a log that none is made of.
	Backup func(ctx context.Context, to io.Writer, begun func(total uint64)) error
	// Bundles is the folder in which what clients bring along is unpacked, each
	// bundle in a folder named by its sha256; "" refuses bundles.
	Bundles string
	// Ready is closed once the node has recovered; until then most methods wait.
	// nil is ready.
	Ready <-chan struct{}
	// Lines and Changes are what Logs and Watch show; nil are empty ones.
	Lines   *Journal
	Changes *Changes
	// Tokens are those by which clients are known that do not come through the
	// node's own socket; nil is none.
	Tokens *Tokens
	// Certificates says who a client is whose certificate was verified; nil knows
	// none.
	Certificates func(Certificate) (Principal, bool)
	// Answered is told of every call that was answered, and must not wait; nil drops it.
	Answered func(Answered)
	Limits   Limits           // zero fields are those of DefaultLimits
	Logger   *slog.Logger     // nil drops
	Now      func() time.Time // nil is the machine's
}

// Node is the process around a System.
type Node interface {
	// State is what the node does, and why if that needs saying. It is asked with
	// every call.
	State() (state theaterv1.NodeState, detail string)
	// Info is what the node knows of itself: all but the state, its detail, what System knows,
	// handlers and the caller's scope. The caller owns it.
	Info() *theaterv1.InfoResponse
	// Drain admits no more actors and messages.
	Drain(ctx context.Context) error
	// Shutdown begins the end of the node, which kills what has not ended in time;
	// 0 is as long as the node chooses. It does not wait for it.
	Shutdown(timeout time.Duration) error
}

// Server answers the calls of the API. It is safe for concurrent use.
type Server struct {
	Config
	methods map[string]*method // by path
	refused *connect.ErrorWriter
	bounds  *bounds
	layouts *layouts
	bundles *bundles

	farBehind uint64 // fixed but for tests

	base  context.Context // of every call that comes through HTTP; ends with Close
	close context.CancelCauseFunc
}

// errEnding is why calls end when the node does.
var errEnding = refuse(CodeStopping, "the node ends")

// NewServer makes a server. It starts nothing.
func NewServer(config Config) (*Server, error) {
	if config.System == nil || config.Log == nil || config.Node == nil || config.Handlers == nil {
		return nil, errors.New("api: a required field of Config is nil")
	}
	config.Logger = cmp.Or(config.Logger, slog.New(slog.DiscardHandler))
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Ready == nil {
		ready := make(chan struct{})
		close(ready)
		config.Ready = ready
	}
	config.Limits = config.Limits.orDefault()
	config.Lines = cmp.Or(config.Lines, NewJournal(JournalConfig{}))
	config.Changes = cmp.Or(config.Changes, NewChanges(nil))
	s := &Server{
		Config: config, methods: map[string]*method{}, refused: connect.NewErrorWriter(),
		bounds: newBounds(config.Limits), layouts: &layouts{log: config.Log, read: map[chain.Hash]*wasm.Layout{}},
		bundles: &bundles{dir: config.Bundles, limits: config.Limits}, farBehind: chain.FarBehind,
	}
	s.base, s.close = context.WithCancelCause(context.Background())
	s.register()
	return s, nil
}

// Close ends the streams, and has who waits for something told that the node ends.
// It may be called twice. Who serves the handlers closes them afterwards.
func (s *Server) Close() { s.close(errEnding) }

// HTTP is a server for a listener, with bounds of time and size, that knows HTTP/1
// and HTTP/2, with and without TLS. The caller serves and closes it, and sets
// TLSConfig for TCP.
func (s *Server) HTTP(via Via) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler: s.Handler(via), Protocols: protocols,
		BaseContext:       func(net.Listener) context.Context { return s.base },
		ConnState:         s.attend,
		ReadHeaderTimeout: s.Limits.HeaderTime, IdleTimeout: s.Limits.IdleTime, MaxHeaderBytes: s.Limits.HeaderBytes,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: s.Limits.Streams, SendPingTimeout: s.Limits.IdleTime, PingTimeout: s.Limits.HeaderTime,
			WriteByteTimeout: s.Limits.WriteTime,
		},
		ErrorLog: slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug),
	}
}

// attend has guests mind others as soon as somebody comes.
func (s *Server) attend(_ net.Conn, state http.ConnState) {
	if state == http.StateNew {
		s.System.Attend()
	}
}
