package api

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/theater-go/theater/proto/theater/v1/theaterv1connect"
)

// DialConfig says how to reach a node.
type DialConfig struct {
	// Address is unix:PATH of a socket, or https://HOST:PORT.
	Address string
	// Token is sent with every request, unless it is "".
	Token string
	// TLS is for https; nil trusts what the machine trusts.
	TLS *tls.Config
}

// Client calls the services of a node. It is safe for concurrent use. Errors of
// its services are read by ErrorOf.
type Client struct {
	Actors   theaterv1connect.ActorServiceClient
	Messages theaterv1connect.MessageServiceClient
	Chain    theaterv1connect.ChainServiceClient
	Node     theaterv1connect.NodeServiceClient

	address   string
	base      string // of the methods' paths
	http      *http.Client
	transport *http.Transport
}

// Dial makes a client. It connects with the first call, not before.
func Dial(config DialConfig) (*Client, error) {
	base, transport, err := transportTo(config)
	if err != nil {
		return nil, err
	}
	client := &http.Client{
		Transport: bearer{config.Token, transport},
		// A node sends nobody elsewhere, and the token is for nobody else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Client{
		Actors:    theaterv1connect.NewActorServiceClient(client, base),
		Messages:  theaterv1connect.NewMessageServiceClient(client, base),
		Chain:     theaterv1connect.NewChainServiceClient(client, base),
		Node:      theaterv1connect.NewNodeServiceClient(client, base),
		address:   config.Address,
		base:      base,
		http:      client,
		transport: transport,
	}, nil
}

// Address is the one that the client was made with.
func (c *Client) Address() string { return c.address }

// Close closes the connections that are idle.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

func transportTo(config DialConfig) (base string, t *http.Transport, err error) {
	if path, ok := strings.CutPrefix(config.Address, "unix:"); ok {
		path = strings.TrimPrefix(path, "//")
		if path == "" {
			return "", nil, fmt.Errorf("address %q names no socket: write it as unix:/path/to/theater.sock", config.Address)
		}
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}
		return "http://node", &http.Transport{DialContext: dial, DisableCompression: true, ReadBufferSize: 64 << 10}, nil
	}
	u, err := url.Parse(config.Address)
	if err != nil || u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		return "", nil, fmt.Errorf("address %q is none: write it as unix:/path/to/theater.sock or https://host:port", config.Address)
	}
	t = http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = config.TLS
	return "https://" + u.Host, t, nil
}

// bearer adds a token to requests.
type bearer struct {
	token string
	next  http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.token != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	return b.next.RoundTrip(r)
}
