package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// authority signs certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, pool: x509.NewCertPool()}
	a.cert, a.key = a.make(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) make(template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(a.t, err)
	template.SerialNumber, template.NotAfter = big.NewInt(1), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	check(a.t, err)
	cert, err := x509.ParseCertificate(der)
	check(a.t, err)
	return cert, key
}

func (a *authority) issue(name string) tls.Certificate {
	a.t.Helper()
	cert, key := a.make(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func TestATokenFollowsNoRedirect(t *testing.T) {
	var told atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { told.Add(1) }))
	defer other.Close()
	first := httptest.NewTLSServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer first.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(first.Certificate())
	c := dial(t, api.DialConfig{Address: first.URL, Token: "secret", TLS: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS13}})
	_, err := c.Node.Health(t.Context(), &theaterv1.HealthRequest{})
	refuses(t, err, api.CodeUnreachable, "")
	if told.Load() > 0 {
		t.Error("it is sent where a node says")
	}
}

func TestACertificateSaysWhoCalls(t *testing.T) {
	ours, others := newAuthority(t), newAuthority(t)
	s := open(t, func(c *api.Config) {
		c.Certificates = func(cert api.Certificate) (api.Principal, bool) {
			return api.Principal{Name: cert.Subject.CommonName, Scope: api.ScopeRead}, cert.Subject.CommonName != "stranger"
		}
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	served := s.server.HTTP(api.ViaNetwork)
	served.TLSConfig = &tls.Config{Certificates: []tls.Certificate{ours.issue("node")}, ClientCAs: ours.pool, ClientAuth: tls.VerifyClientCertIfGiven}
	var over sync.WaitGroup
	over.Go(func() { _ = served.ServeTLS(l, "", "") })
	t.Cleanup(func() { _ = served.Close(); over.Wait() })

	client := func(certs ...tls.Certificate) *api.Client {
		return dial(t, api.DialConfig{Address: "https://" + l.Addr().String(), TLS: &tls.Config{RootCAs: ours.pool, Certificates: certs}})
	}
	info, err := client(ours.issue("robot")).Node.Info(s.ctx(), &theaterv1.InfoRequest{})
	if err != nil || info.Scope != "read" {
		t.Errorf("one with a certificate sees %v, %v", info, err)
	}
	_, err = client(ours.issue("robot")).Node.Drain(s.ctx(), &theaterv1.DrainRequest{})
	refuses(t, err, api.CodeForbidden, "")
	_, err = client().Node.Info(s.ctx(), &theaterv1.InfoRequest{})
	refuses(t, err, api.CodeUnauthenticated, "")
	_, err = client(ours.issue("stranger")).Node.Info(s.ctx(), &theaterv1.InfoRequest{})
	refuses(t, err, api.CodeUnauthenticated, "")
	_, err = client(others.issue("robot")).Node.Info(s.ctx(), &theaterv1.InfoRequest{})
	if e := api.ErrorOf(err); e == nil || e.Code != api.CodeUnreachable && e.Code != api.CodeUnauthenticated {
		t.Errorf("a certificate of others gives %v", err)
	}
	_, err = dial(t, api.DialConfig{Address: "https://" + l.Addr().String()}).Node.Info(s.ctx(), &theaterv1.InfoRequest{})
	refuses(t, err, api.CodeUnreachable, "")
}
