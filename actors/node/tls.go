package node

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// CertificateError is a certificate or key that a node cannot serve with.
type CertificateError struct {
	File   string
	Reason string
	Err    error // the cause, where there is one
}

func (e *CertificateError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s %s: %v", e.File, e.Reason, e.Err)
	}
	return e.File + " " + e.Reason
}

func (e *CertificateError) Unwrap() error { return e.Err }

// Certificates are what a node shows and trusts. Reload reads them again while they
// are in use.
type Certificates struct {
	files  TLSFiles
	now    func() time.Time
	loaded atomic.Pointer[loadedTLS]
}

type loadedTLS struct {
	config  *tls.Config
	expires time.Time
}

// LoadCertificates reads the files.
func LoadCertificates(files TLSFiles, now func() time.Time) (*Certificates, error) {
	c := &Certificates{files: files, now: now}
	return c, c.Reload()
}

// Reload reads the files again. After an error what was read before stays in use.
func (c *Certificates) Reload() error {
	cert, err := tls.LoadX509KeyPair(c.files.Cert, c.files.Key)
	if err != nil {
		return c.unreadable(err)
	}
	leaf := cert.Leaf
	switch now := c.now(); {
	case now.After(leaf.NotAfter):
		return &CertificateError{File: c.files.Cert, Reason: "has expired on " + leaf.NotAfter.Format(time.DateOnly)}
	case now.Before(leaf.NotBefore):
		return &CertificateError{File: c.files.Cert, Reason: "is not valid before " + leaf.NotBefore.Format(time.DateTime)}
	}
	config := &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}}
	if c.files.ClientCA != "" {
		if config.ClientCAs, err = readAuthorities(c.files.ClientCA); err != nil {
			return err
		}
		config.ClientAuth = tls.VerifyClientCertIfGiven // who has none needs a token
	}
	c.loaded.Store(&loadedTLS{config, leaf.NotAfter})
	return nil
}

// unreadable says which of the two files cannot be read.
func (c *Certificates) unreadable(err error) error {
	for _, file := range []string{c.files.Cert, c.files.Key} {
		if _, err := os.ReadFile(file); err != nil {
			return &CertificateError{File: file, Reason: "cannot be read", Err: errors.Unwrap(err)}
		}
	}
	return &CertificateError{File: c.files.Cert, Reason: "and " + c.files.Key + " are no certificate and its key", Err: err}
}

func readAuthorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, &CertificateError{File: file, Reason: "cannot be read", Err: errors.Unwrap(err)}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		reason := "holds no certificate"
		if block, _ := pem.Decode(text); block == nil {
			reason = "is not PEM"
		}
		return nil, &CertificateError{File: file, Reason: reason}
	}
	return pool, nil
}

// Expires is when the node's own certificate does.
func (c *Certificates) Expires() time.Time { return c.loaded.Load().expires }

// server is a configuration that follows what Reload reads.
func (c *Certificates) server() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		NextProtos:         []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.loaded.Load().config, nil },
	}
}
