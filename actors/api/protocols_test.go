package api_test

import (
	"context"
	"net"
	"net/http"
	"testing"

	"connectrpc.com/connect"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/proto/theater/v1/theaterv1connect"
)

func TestEachProtocolOfConnectIsSpoken(t *testing.T) {
	s := open(t)
	s.spawn("echo", echo(), "")
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", s.socket)
	}
	one, two := &http.Transport{DialContext: dial}, &http.Transport{DialContext: dial, Protocols: new(http.Protocols)}
	two.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(one.CloseIdleConnections)
	t.Cleanup(two.CloseIdleConnections)
	for name, c := range map[string]struct {
		transport *http.Transport
		options   []connect.ClientOption
	}{
		"Connect":                {one, nil},
		"Connect on HTTP/2":      {two, nil},
		"Connect in JSON":        {one, []connect.ClientOption{connect.WithProtoJSON()}},
		"gRPC":                   {two, []connect.ClientOption{connect.WithGRPC()}},
		"gRPC in JSON":           {two, []connect.ClientOption{connect.WithGRPC(), connect.WithProtoJSON()}},
		"gRPC-Web":               {one, []connect.ClientOption{connect.WithGRPCWeb()}},
		"gRPC-Web in JSON, by 2": {two, []connect.ClientOption{connect.WithGRPCWeb(), connect.WithProtoJSON()}},
	} {
		t.Run(name, func(t *testing.T) {
			client := &http.Client{Transport: c.transport}
			messages := theaterv1connect.NewMessageServiceClient(client, "http://node", c.options...)
			answer, err := messages.Request(s.ctx(), &theaterv1.RequestRequest{Target: "/echo", Body: []byte("hello")})
			if err != nil || string(answer.Body) != "hello" {
				t.Errorf("it answers %q, %v", answer.GetBody(), err)
			}
			_, err = messages.Request(s.ctx(), &theaterv1.RequestRequest{Target: "/none"})
			refuses(t, err, api.CodeNoActor, "target")

			chains := theaterv1connect.NewChainServiceClient(client, "http://node", c.options...)
			stream, err := chains.Events(s.ctx(), &theaterv1.EventsRequest{Target: "/echo", Limit: 1})
			check(t, err)
			defer stream.Close()
			var kinds []string
			for stream.Receive() {
				kinds = append(kinds, stream.Msg().Event.GetKind())
			}
			if len(kinds) != 2 || kinds[0] != "" || kinds[1] != "genesis" || stream.Err() != nil {
				t.Errorf("the events are %q, %v", kinds, stream.Err())
			}
			stream, err = chains.Events(s.ctx(), &theaterv1.EventsRequest{Target: "/none"})
			check(t, err)
			defer stream.Close()
			for stream.Receive() {
			}
			refuses(t, stream.Err(), api.CodeNoChain, "target")
		})
	}
}
