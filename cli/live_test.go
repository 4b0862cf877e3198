package cli_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"iter"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// liveNode is a node of a script, in the process of the test, whose API is served
// on a socket in the script's folder.
type liveNode struct {
	node   *node.Node
	server *api.Server
	face   *liveFace
	over   sync.WaitGroup // of what is served
	served []*http.Server
}

// liveFace is the process around a node. Scripts say how it looks.
type liveFace struct {
	state    atomic.Int32
	data     string        // the folder, "" in memory
	full     atomic.Bool   // its disk is
	behind   atomic.Bool   // who follows its log is
	shutdown chan struct{} // has an element when a client has ended the node
}

func (f *liveFace) State() (theaterv1.NodeState, string) {
	if f.full.Load() {
		return theaterv1.NodeState_NODE_STATE_NO_SPACE, "the disk is full"
	}
	return theaterv1.NodeState(f.state.Load()), ""
}

func (f *liveFace) Info() *theaterv1.InfoResponse {
	info := &theaterv1.InfoResponse{Version: "test", Data: f.data, DiskFree: 5 << 20, DiskNeeded: 416 << 20, Recovery: &theaterv1.Recovery{Done: 3, Total: 7}}
	if f.data == "" {
		return info
	}
	c, _, err := badgerlog.SignedCheckpoint(f.data)
	if err != nil {
		info.CheckpointProblem = err.Error()
		return info
	}
	info.Checkpoint = &theaterv1.Checkpoint{
		Signer: c.Signer, Era: c.Era, Blocks: c.Size, Root: c.Root.String(), Signed: timestamppb.New(c.Time),
		Durable: c.Durable, Durability: c.Durability, Epoch: c.Epoch, Note: string(c.Note),
	}
	return info
}

func (f *liveFace) Drain(context.Context) error {
	f.state.Store(int32(theaterv1.NodeState_NODE_STATE_DRAINING))
	return nil
}

func (f *liveFace) Shutdown(time.Duration) error {
	select {
	case f.shutdown <- struct{}{}:
	default:
	}
	return nil
}

// liveNodes are those of a script.
type liveNodes struct{ running *liveNode }

type liveKey struct{}

// liveScripts prepares a script for the command node.
func liveScripts(env *testscript.Env) {
	nodes := &liveNodes{}
	env.Values[liveKey{}] = nodes
	env.Defer(func() {
		if nodes.running != nil {
			nodes.running.close()
		}
	})
}

// controlNode is the command node of scripts.
func controlNode(ts *testscript.TestScript, neg bool, args []string) {
	nodes := ts.Value(liveKey{}).(*liveNodes)
	switch {
	case neg || len(args) == 0 || len(args) > 2:
		ts.Fatalf("usage: node start|https|recovering [DATA]; node full; node roomy; node behind; node live; node drain; node stop")
	case (args[0] == "start" || args[0] == "https") && nodes.running != nil:
		ts.Fatalf("a node runs already")
	case args[0] != "start" && args[0] != "https" && nodes.running == nil:
		ts.Fatalf("no node runs")
	}
	switch args[0] {
	case "start", "https", "recovering":
		data := ""
		if len(args) == 2 {
			data = ts.MkAbs(args[1])
		}
		if nodes.running != nil { // it begins anew, and does not become ready
			ts.Check(nodes.running.close())
		}
		running, err := startLive(ts.MkAbs("theater.sock"), data, args[0] != "recovering")
		ts.Check(err)
		nodes.running = running
		ts.Setenv("THEATER_ADDRESS", "unix:"+ts.MkAbs("theater.sock"))
		if args[0] == "https" {
			serveHTTPS(ts, running)
		}
	case "full", "roomy":
		nodes.running.face.full.Store(args[0] == "full")
	case "behind", "live":
		nodes.running.face.behind.Store(args[0] == "behind")
	case "drain":
		ts.Check(nodes.running.face.Drain(context.Background()))
	case "stop":
		ts.Check(nodes.running.close())
		nodes.running = nil
	default:
		ts.Fatalf("there is no node %s", args[0])
	}
}

// startLive serves a node; without data it keeps its chains in memory.
func startLive(socket, data string, ready bool) (*liveNode, error) {
	lines, changes := api.NewJournal(api.JournalConfig{}), api.NewChanges(nil)
	n := &liveNode{face: &liveFace{data: data, shutdown: make(chan struct{}, 1)}}
	opened, err := node.Open(context.Background(), node.Config{
		Data: data, Output: lines.Add, Observe: changes.Add,
		FreeSpace: func(string) (uint64, error) {
			if n.face.full.Load() {
				return 0, nil
			}
			return 1 << 40, nil
		},
	})
	if err != nil {
		return nil, err
	}
	n.node = opened
	config := api.Config{
		System: opened.System, Log: outpacing{opened.Log, &n.face.behind}, Node: n.face, Handlers: opened.Handlers,
		Backup: opened.Backup(), Bundles: filepath.Join(filepath.Dir(socket), "bundles"), Lines: lines, Changes: changes, Logger: slog.New(slog.DiscardHandler),
	}
	n.face.state.Store(int32(theaterv1.NodeState_NODE_STATE_READY))
	if !ready {
		n.face.state.Store(int32(theaterv1.NodeState_NODE_STATE_RECOVERING))
		config.Ready = make(chan struct{})
	}
	if config.Tokens, err = api.OpenTokens(filepath.Join(filepath.Dir(socket), "tokens")); err != nil {
		return nil, err
	}
	if n.server, err = api.NewServer(config); err != nil {
		return nil, err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	n.serve(n.server.HTTP(api.ViaSocket), listener)
	return n, nil
}

// outpacing is a log that says, while it is to, that who follows it lags.
type outpacing struct {
	chain.Tailer
	behind *atomic.Bool
}

func (o outpacing) Tail(ctx context.Context) iter.Seq2[chain.Lot, error] {
	tail := o.Tailer.Tail(ctx)
	return func(yield func(chain.Lot, error) bool) {
		for lot, err := range tail {
			if o.behind.Load() {
				lot.Behind += 12_345
			}
			if !yield(lot, err) {
				return
			}
		}
	}
}

func (n *liveNode) serve(s *http.Server, l net.Listener) {
	n.served = append(n.served, s)
	n.over.Go(func() { _ = s.Serve(l) })
}

// serveHTTPS serves a node on the network, too, where tokens are asked for.
func serveHTTPS(ts *testscript.TestScript, n *liveNode) {
	certificate, authority, err := newCertificate()
	ts.Check(err)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13})
	ts.Check(err)
	n.serve(n.server.HTTP(api.ViaNetwork), listener)
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), authority, 0o600))
	ts.Setenv("THEATER_ADDRESS", "https://"+listener.Addr().String())
	ts.Setenv("THEATER_CA", ts.MkAbs("ca.pem"))
	for _, scope := range []api.Scope{api.ScopeRead, api.ScopeOperate, api.ScopeAdmin} {
		secret, _, err := n.server.Tokens.Create(scope.String(), scope, time.Time{}, time.Now(), rand.Reader)
		ts.Check(err)
		ts.Setenv(strings.ToUpper(scope.String()), secret)
	}
}

// newCertificate makes one for this machine, which vouches for itself.
func newCertificate() (tls.Certificate, []byte, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

// close ends the node; what does not end is killed.
func (n *liveNode) close() error {
	n.server.Close()
	for _, s := range n.served {
		_ = s.Close()
	}
	n.over.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return n.node.Close(ctx)
}
