package node_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/actors/node"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// authority signs the certificates of a test.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert, a.key = template, newKey(t)
	a.cert = a.sign("ca", template, a.key)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign writes NAME.pem and NAME.key.
func (a *authority) sign(name string, template *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	a.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	write(a.t, a.file(name+".pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(a.t, a.file(name+".key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	return cert
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

// issue makes a certificate of a name that holds for a time from now.
func (a *authority) issue(file, name string, holds time.Duration) {
	a.t.Helper()
	a.sign(file, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(holds), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}, newKey(a.t))
}

// client trusts the authority, and shows a certificate unless the file is "".
func (a *authority) client(file string) *tls.Config {
	a.t.Helper()
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AddCert(a.cert)
	if file != "" {
		cert, err := tls.LoadX509KeyPair(a.file(file+".pem"), a.file(file+".key"))
		if err != nil {
			a.t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{cert}
	}
	return config
}

// networked are the settings of a node that others reach.
func (a *authority) networked(t *testing.T) node.Settings {
	s := settingsOf(short(t))
	s.Listen = "127.0.0.1:0"
	s.TLS = node.TLSFiles{Cert: a.file("node.pem"), Key: a.file("node.key"), ClientCA: a.file("ca.pem"), ClientScope: "read"}
	return s
}

// info asks a node for its info and returns the scope, or the code of the error.
func info(t *testing.T, config api.DialConfig) string {
	t.Helper()
	client, err := api.Dial(config)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	r, err := client.Node.Info(t.Context(), &theaterv1.InfoRequest{})
	if err != nil {
		return api.ErrorOf(err).Code
	}
	return r.Scope
}

func TestCallersFromTheNetworkAreKnownByCertificatesAndTokens(t *testing.T) {
	a := newAuthority(t)
	a.issue("node", "node", time.Hour)
	a.issue("someone", "someone", time.Hour)
	a.issue("local", "local", time.Hour) // the name of who comes through the socket
	s := serve(t, a.networked(t))
	if len(s.ready.Addresses) != 2 {
		t.Fatalf("it is at %q", s.ready.Addresses)
	}
	address := s.ready.Addresses[1]
	tokens, err := api.OpenTokens(s.settings.Tokens)
	if err != nil {
		t.Fatal(err)
	}
	secret, token, err := tokens.Create("me", api.ScopeOperate, time.Time{}, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		config api.DialConfig
		want   string
	}{
		"nobody":                     {api.DialConfig{Address: address, TLS: a.client("")}, api.CodeUnauthenticated},
		"a certificate":              {api.DialConfig{Address: address, TLS: a.client("someone")}, "read"},
		"a certificate of that name": {api.DialConfig{Address: address, TLS: a.client("local")}, api.CodeUnauthenticated},
		"a token":                    {api.DialConfig{Address: address, TLS: a.client(""), Token: secret}, "operate"},
		"a token that is none":       {api.DialConfig{Address: address, TLS: a.client(""), Token: secret + "0"}, api.CodeUnauthenticated},
		"the socket":                 {api.DialConfig{Address: s.ready.Addresses[0]}, "admin"},
	} {
		if got := info(t, c.config); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if _, err := tokens.Revoke(token.ID); err != nil {
		t.Fatal(err)
	}
	if got := info(t, api.DialConfig{Address: address, TLS: a.client(""), Token: secret}); got != api.CodeUnauthenticated {
		t.Errorf("a token that is revoked: %s", got)
	}
	s.end()
}

func TestAHangupChangesTheCertificateUnlessTheNewOneIsBad(t *testing.T) {
	a := newAuthority(t)
	a.issue("node", "before", time.Hour)
	a.issue("someone", "someone", time.Hour)
	s := serve(t, a.networked(t))
	shown := func() string {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(s.ready.Addresses[1], "https://"), a.client("someone"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if got := shown(); got != "before" {
		t.Fatalf("it shows %s", got)
	}
	a.issue("node", "after", time.Hour)
	s.hangup <- syscall.SIGHUP
	s.eventually("the new certificate is shown", func() bool { return shown() == "after" })
	write(t, a.file("node.pem"), "nonsense")
	s.hangup <- syscall.SIGHUP
	s.eventually("it says so", func() bool { return strings.Contains(s.log.String(), "the certificates are as before") })
	if got := shown(); got != "after" {
		t.Errorf("it shows %s", got)
	}
	s.end()
}

func TestWhatANodeCannotServeWithIsNamed(t *testing.T) {
	a := newAuthority(t)
	a.issue("node", "node", time.Hour)
	a.issue("old", "old", -time.Hour)
	a.issue("other", "other", time.Hour)
	for name, c := range map[string]struct {
		change func(*node.Settings)
		want   string
	}{
		"a certificate that has expired": {func(s *node.Settings) { s.TLS.Cert, s.TLS.Key = a.file("old.pem"), a.file("old.key") }, "old.pem has expired on 20"},
		"no certificate":                 {func(s *node.Settings) { s.TLS.Cert = a.file("none.pem") }, "none.pem cannot be read: no such file"},
		"another's key":                  {func(s *node.Settings) { s.TLS.Key = a.file("other.key") }, "are no certificate and its key"},
		"an authority that is none":      {func(s *node.Settings) { s.TLS.ClientCA = write(t, a.file("text"), "text") }, "text is not PEM"},
		"no key":                         {func(s *node.Settings) { s.TLS.Key = "" }, "it has no tls.cert and tls.key"},
		"nobody who could call":          {func(s *node.Settings) { s.TLS.ClientCA = "" }, "it has no tls.client_ca and no token that holds"},
		"tokens that others read": {func(s *node.Settings) {
			if err := errors.Join(os.MkdirAll(s.Tokens, 0o755), os.Chmod(s.Tokens, 0o755)); err != nil {
				t.Fatal(err)
			}
		}, "chmod 700"},
	} {
		t.Run(name, func(t *testing.T) {
			settings := a.networked(t)
			c.change(&settings)
			if err := (&node.Effective{Settings: settings}).Check(t.Context(), time.Now); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the check gives %v", err)
			}
			s, _ := begin(t, settings)
			if err := s.ended(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the start gives %v", err)
			}
			if _, err := os.Stat(settings.Socket); err == nil {
				t.Error("it has made a socket")
			}
		})
	}
}
