package api

import (
	"bytes"
	"context"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/proto/theater/v1/theaterv1connect"
)

// method is one method of the API, and what holds for its calls.
type method struct {
	scope  Scope // that a caller needs
	early  bool  // it answers before the node has recovered, and while it ends
	admits bool  // it brings in work, which a node that drains refuses
	stream bool  // it answers for as long as there is something to say
	large  bool  // the request may bring a bundle

	handler http.Handler
}

// register makes the methods of all services.
func (s *Server) register() {
	look, work := method{scope: ScopeRead}, method{scope: ScopeOperate, admits: true}
	end, follow := method{scope: ScopeOperate}, method{scope: ScopeRead, stream: true}
	large := work
	large.large = true

	a := &actorService{Server: s}
	unary(s, theaterv1connect.ActorServiceSpawnProcedure, large, a.Spawn)
	unary(s, theaterv1connect.ActorServiceStopProcedure, end, a.Stop)
	unary(s, theaterv1connect.ActorServiceRestartProcedure, end, a.Restart)
	unary(s, theaterv1connect.ActorServiceKillProcedure, end, a.Kill)
	unary(s, theaterv1connect.ActorServiceListProcedure, look, a.List)
	streams(s, theaterv1connect.ActorServiceListAllProcedure, follow, a.ListAll)
	unary(s, theaterv1connect.ActorServiceInspectProcedure, look, a.Inspect)
	unary(s, theaterv1connect.ActorServiceGetStateProcedure, look, a.GetState)
	unary(s, theaterv1connect.ActorServiceGetMetricsProcedure, look, a.GetMetrics)
	streams(s, theaterv1connect.ActorServiceWatchProcedure, follow, a.Watch)
	streams(s, theaterv1connect.ActorServiceLogsProcedure, follow, a.Logs)

	m := &messageService{Server: s}
	unary(s, theaterv1connect.MessageServiceSendProcedure, work, m.Send)
	unary(s, theaterv1connect.MessageServiceRequestProcedure, work, m.Request)
	unary(s, theaterv1connect.MessageServiceCallProcedure, work, m.Call)

	c := &chainService{Server: s}
	unary(s, theaterv1connect.ChainServiceListChainsProcedure, look, c.ListChains)
	unary(s, theaterv1connect.ChainServiceGetChainProcedure, look, c.GetChain)
	unary(s, theaterv1connect.ChainServiceGetEventProcedure, look, c.GetEvent)
	streams(s, theaterv1connect.ChainServiceEventsProcedure, follow, c.Events)
	streams(s, theaterv1connect.ChainServiceRecordsProcedure, follow, c.Records)
	streams(s, theaterv1connect.ChainServiceGetBlobProcedure, follow, c.GetBlob)

	n := &nodeService{Server: s}
	early, admin := method{scope: ScopeRead, early: true}, method{scope: ScopeAdmin, early: true}
	unary(s, theaterv1connect.NodeServiceHealthProcedure, early, n.Health)
	unary(s, theaterv1connect.NodeServiceInfoProcedure, early, n.Info)
	unary(s, theaterv1connect.NodeServiceDrainProcedure, method{scope: ScopeAdmin}, n.Drain)
	unary(s, theaterv1connect.NodeServiceShutdownProcedure, admin, n.Shutdown)
	streams(s, theaterv1connect.NodeServiceBackupProcedure, method{scope: ScopeAdmin, stream: true}, n.Backup)
}

// The services have all the methods that there are.
var (
	_ theaterv1connect.ActorServiceHandler   = (*actorService)(nil)
	_ theaterv1connect.MessageServiceHandler = (*messageService)(nil)
	_ theaterv1connect.ChainServiceHandler   = (*chainService)(nil)
	_ theaterv1connect.NodeServiceHandler    = (*nodeService)(nil)
)

// message is a pointer to a message of the protocol.
type message[T any] interface {
	*T
	proto.Message
}

func unary[Req, Res any, P message[Req]](s *Server, procedure string, m method, do func(context.Context, *Req) (*Res, error)) {
	m.handler = connect.NewUnaryHandlerSimple(procedure, func(ctx context.Context, in *received) (answer *Res, err error) {
		err = in.handled(ctx, P(new(Req)), func(ctx context.Context, request proto.Message) (err error) {
			answer, err = do(ctx, request.(P))
			return err
		})
		return answer, err
	}, s.options(procedure)...)
	s.methods[procedure] = &m
}

func streams[Req, Res any, P message[Req]](s *Server, procedure string, m method, do func(context.Context, *Req, *connect.ServerStream[Res]) error) {
	m.handler = connect.NewServerStreamHandlerSimple(procedure, func(ctx context.Context, in *received, out *connect.ServerStream[Res]) error {
		return in.handled(ctx, P(new(Req)), func(ctx context.Context, request proto.Message) error {
			return do(ctx, request.(P), out)
		})
	}, s.options(procedure)...)
	s.methods[procedure] = &m
}

// handled decodes a request and has it handled. The error is one to be sent.
func (r *received) handled(ctx context.Context, request proto.Message, do func(context.Context, proto.Message) error) error {
	ctx, err := unsheltered(ctx)
	if err == nil {
		err = r.decode(request)
	}
	if r.json {
		ctx = context.WithValue(ctx, jsonKey{}, true)
	}
	if err == nil {
		err = do(ctx, request)
	}
	if err == nil {
		return nil
	}
	return ending(ctx, err).noted(ctx).wire()
}

// ending is what is said of an error: that the node ends, when that has brought it
// about.
func ending(ctx context.Context, err error) *refusal {
	if r := refusalOf(err); r.code != CodeCancelled || context.Cause(ctx) != error(errEnding) {
		return r
	}
	return errEnding
}

func (s *Server) options(procedure string) []connect.HandlerOption {
	panicked := func(ctx context.Context, _ connect.Spec, _ http.Header, p any) error {
		return refusalOf(s.panicked(procedure, p)).noted(ctx).wire()
	}
	return []connect.HandlerOption{
		connect.WithCodec(codec{"proto"}), connect.WithCodec(codec{"json"}),
		connect.WithCompression("gzip", nil, nil), connect.WithRecover(panicked),
	}
}

// received is a request as it came. It is decoded by the method, so that what is
// wrong with it has a code of ours.
type received struct {
	data []byte
	json bool
}

type jsonKey struct{}

// readable reports whether a call is answered in JSON.
func readable(ctx context.Context) bool { return ctx.Value(jsonKey{}) != nil }

// maxNesting bounds what is nested in a request in JSON.
const maxNesting = 32

func (r *received) decode(into proto.Message) error {
	var err error
	if r.json {
		err = protojson.UnmarshalOptions{RecursionLimit: maxNesting}.Unmarshal(r.data, into)
	} else {
		err = proto.UnmarshalOptions{RecursionLimit: maxNesting}.Unmarshal(r.data, into)
	}
	if err != nil {
		return refuse(CodeMalformed, "the request cannot be read: %w", err)
	}
	return nil
}

// codec is an encoding of messages: that of protobuf, or JSON.
type codec struct{ name string }

func (c codec) Name() string { return c.name }

func (c codec) binary() bool { return c.name == "proto" }

func (c codec) Unmarshal(data []byte, into any) error {
	*into.(*received) = received{data: bytes.Clone(data), json: !c.binary()}
	return nil
}

func (c codec) Marshal(m any) ([]byte, error) { return c.MarshalAppend(nil, m) }

// MarshalAppend saves a copy of what is large.
func (c codec) MarshalAppend(dst []byte, m any) ([]byte, error) {
	if c.binary() {
		switch m.(type) {
		case *theaterv1.ListResponse, *theaterv1.ListAllResponse:
			defer recycle(m.(proto.Message))
		}
		return proto.MarshalOptions{}.MarshalAppend(dst, m.(proto.Message))
	}
	return protojson.MarshalOptions{}.MarshalAppend(dst, m.(proto.Message))
}
