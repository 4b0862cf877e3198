package node

import (
	"context"
	"errors"
	"io/fs"
	"log"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/observe"
	"github.com/theater-go/theater/chain/badgerlog"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// makeServer makes the server of the management API.
func (d *daemon) makeServer() (err error) {
	if d.Listen != Off { // at the socket nobody needs a token
		if d.tokens, err = api.OpenTokens(d.Tokens); err != nil {
			return err
		}
	}
	config := api.Config{
		System: d.node.System, Log: d.node.Log, Node: front{d}, Handlers: d.node.Handlers,
		Backup: d.node.Backup(), Bundles: filepath.Join(d.Data, bundlesFolder), Ready: d.taking, Lines: d.lines, Changes: d.changes, Tokens: d.tokens,
		Limits: api.Limits{
			RequestBytes: int64(d.Limits.RequestBytes), CallTime: d.Limits.RequestTime,
			Rate: float64(d.Limits.Rate), Burst: d.Limits.Burst,
		},
		Answered: d.answered, Logger: d.Logger, Now: d.Now,
	}
	if d.certificates != nil && d.TLS.ClientCA != "" {
		scope, err := api.ParseScope(d.TLS.ClientScope)
		if err != nil {
			return err
		}
		config.Certificates = func(c api.Certificate) (api.Principal, bool) {
			return api.Principal{Name: c.Subject.CommonName, Scope: scope}, callable(c.Subject.CommonName)
		}
	}
	d.server, err = api.NewServer(config)
	return err
}

// callable reports whether somebody may be called by the name: "local" is who comes
// through the socket.
func callable(name string) bool { return name != "local" && manifest.CheckName(name) == nil }

// answered counts a call to the API.
func (d *daemon) answered(a api.Answered) {
	if a.Stream {
		d.metrics.Stream(a.Method, a.Code)
	} else {
		d.metrics.Request(a.Method, a.Code, a.Took)
	}
}

// socketServer has the API for this machine, and the probes.
func (d *daemon) socketServer() *http.Server {
	s := d.server.HTTP(api.ViaSocket)
	mux := d.probes()
	mux.Handle("/", s.Handler)
	s.Handler = mux
	return s
}

// networkServer has the API for others.
func (d *daemon) networkServer() *http.Server {
	s := d.server.HTTP(api.ViaNetwork)
	s.TLSConfig = d.certificates.server()
	return s
}

// quiet is where servers say what is wrong with a connection.
func (d *daemon) quiet() *log.Logger { return slog.NewLogLogger(d.Logger.Handler(), slog.LevelDebug) }

func (d *daemon) build() observe.Build {
	return observe.Build{Version: d.Version, Revision: d.Revision, Go: runtime.Version()}
}

// front is what the management API sees of the daemon.
type front struct{ *daemon }

var _ api.Node = front{}

var states = map[State]theaterv1.NodeState{
	StateStarting:   theaterv1.NodeState_NODE_STATE_RECOVERING,
	StateRecovering: theaterv1.NodeState_NODE_STATE_RECOVERING,
	StateReady:      theaterv1.NodeState_NODE_STATE_READY,
	StateNoSpace:    theaterv1.NodeState_NODE_STATE_NO_SPACE,
	StateDraining:   theaterv1.NodeState_NODE_STATE_DRAINING,
	StateStopping:   theaterv1.NodeState_NODE_STATE_STOPPING,
	StateFailed:     theaterv1.NodeState_NODE_STATE_FAILED,
}

// State implements api.Node.
func (f front) State() (theaterv1.NodeState, string) {
	state, detail := f.daemon.state()
	return states[state], detail
}

// Info implements api.Node.
func (f front) Info() *theaterv1.InfoResponse {
	used, budget := f.node.Engine.Memory()
	info := &theaterv1.InfoResponse{
		Version: f.Version, Node: f.Node, Started: timestamppb.New(f.started), Pid: uint64(os.Getpid()),
		Data: f.Data, Durability: f.node.durability, Epoch: f.node.epoch, Recovery: recoveryOf(f.recovery()),
		GuestMemory: used, GuestMemoryBudget: budget,
	}
	info.DiskFree, info.DiskNeeded = f.node.disk()
	if path, err := filepath.Abs(f.Data); err == nil && f.Data != "" { // clients are in other folders
		info.Data = strings.ToValidUTF8(path, "\uFFFD")
		info.Checkpoint, info.CheckpointProblem = checkpointOf(path)
	}
	for _, o := range f.doors {
		if !o.plain {
			info.Addresses = append(info.Addresses, o.address)
		}
	}
	return info
}

// checkpointOf is the newest checkpoint in a data folder, or why there is none to be
// shown: it is read as others would who have the folder and the key.
func checkpointOf(dir string) (c *theaterv1.Checkpoint, problem string) {
	signed, _, err := badgerlog.SignedCheckpoint(dir)
	if err != nil {
		return nil, strings.ToValidUTF8(err.Error(), "\uFFFD")
	}
	return &theaterv1.Checkpoint{
		Signer: signed.Signer, Era: signed.Era, Blocks: signed.Size, Root: signed.Root.String(), Signed: timestamppb.New(signed.Time),
		Durable: signed.Durable, Durability: signed.Durability, Epoch: signed.Epoch, Note: string(signed.Note),
	}, ""
}

func recoveryOf(r Recovery) *theaterv1.Recovery {
	out := &theaterv1.Recovery{Done: uint64(r.Done), Total: uint64(r.Total), Took: durationpb.New(r.Took)}
	for _, f := range r.Left {
		out.Failures = append(out.Failures, &theaterv1.RecoveryFailure{Id: f.ID.String(), Path: f.Path, Detail: strings.ToValidUTF8(f.Err.Error(), "\uFFFD")})
	}
	return out
}

// Drain implements api.Node. What waits is handled, and the actors go on.
func (f front) Drain(context.Context) error {
	if f.condition.become(StateDraining, "a client has asked for it") {
		f.Logger.Info("node drains", "why", "a client has asked for it")
		f.notify.status("draining")
	}
	return nil
}

// Shutdown implements api.Node.
func (f front) Shutdown(limit time.Duration) error {
	if limit == 0 {
		limit = f.Settings.Drain
	}
	select {
	case f.shutdown <- limit:
	default: // it ends already
	}
	return nil
}

// loadKeys reads what tells callers apart. Callers from the network need something
// that does, and a certificate by which they know the node.
func (d *daemon) loadKeys() (err error) {
	if d.Listen == Off {
		if unused := unusedTLS(d.Settings); len(unused) > 0 {
			d.Logger.Warn("settings have no use: nothing listens on the network", "keys", unused)
		}
		return nil
	}
	if d.TLS.Cert == "" || d.TLS.Key == "" {
		return &ExposedError{Address: d.Listen, Missing: "tls.cert and tls.key"}
	}
	known, err := anyToken(d.Tokens, d.Now())
	if err != nil {
		return err
	}
	if d.TLS.ClientCA == "" && !known {
		return &ExposedError{Address: d.Listen, Missing: "tls.client_ca and no token that holds"}
	}
	if d.certificates, err = LoadCertificates(d.TLS, d.Now); err != nil {
		return err
	}
	if left := d.certificates.Expires().Sub(d.Now()); left < expiryWarning {
		d.Logger.Warn("the certificate expires soon", "file", d.TLS.Cert, "expires", d.certificates.Expires())
	}
	return nil
}

// anyToken reports whether a folder has a token that holds.
func anyToken(dir string, now time.Time) (bool, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	tokens, err := api.OpenTokens(dir)
	if err != nil {
		return false, err
	}
	all, err := tokens.List()
	return slices.ContainsFunc(all, func(t api.Token) bool { return t.Expires.IsZero() || now.Before(t.Expires) }), err
}

// expiryWarning is how long before its end a certificate is worth a word.
const expiryWarning = 14 * 24 * time.Hour

// ExposedError refuses to listen on the network where anybody could call.
type ExposedError struct {
	Address string
	Missing string // the settings that would tell callers apart
}

func (e *ExposedError) Error() string {
	return "listen " + e.Address + ": " + e.reason()
}

func (e *ExposedError) reason() string {
	return "other machines could call this node, and it has no " + e.Missing
}
