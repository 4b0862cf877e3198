package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"
	"time"

	"github.com/theater-go/theater/actors/manifest"
)

// Check says all that would keep a node from doing what the settings ask, each with
// its key and where that stands, as far as it can be known while the data folder
// stays closed. Files are read, and addresses listened at for a moment; nothing is
// changed. What another process uses now, which may be the node itself, is no problem.
// What keeps folders from being used is for CheckFolders.
func (e *Effective) Check(ctx context.Context, now func() time.Time) error {
	c := &settingsCheck{Effective: e, now: now}
	c.network(ctx)
	c.keys()
	c.spawned()
	return errors.Join(c.problems...)
}

type settingsCheck struct {
	*Effective
	now      func() time.Time
	problems []error
}

// problem takes in what is wrong with a key; nil is nothing.
func (c *settingsCheck) problem(key string, err error) {
	if err != nil {
		c.problems = append(c.problems, c.placed(key, err.Error(), err))
	}
}

// listenTime bounds the look whether an address can be listened at, whose host may
// have to be looked up.
const listenTime = 5 * time.Second

func (c *settingsCheck) network(ctx context.Context) {
	for _, a := range []struct{ key, address string }{{"listen", c.Listen}, {"http", c.HTTP}} {
		if a.address != Off {
			c.problem(a.key, canListen(ctx, a.address))
		}
	}
	if _, port, err := net.SplitHostPort(c.HTTP); err == nil && port != "0" && c.HTTP == c.Listen {
		c.problem("http", fmt.Errorf("%s is where the management API listens: one of the two has to be elsewhere", c.HTTP))
	}
}

// canListen says why nothing could listen at an address. That something does already
// is none.
func canListen(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, listenTime)
	defer cancel()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err == nil {
		return l.Close()
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return fmt.Errorf("nothing can listen at %s: %w", address, err)
}

// keys are what tells callers from the network apart.
func (c *settingsCheck) keys() {
	if c.Listen == Off {
		for _, key := range unusedTLS(c.Settings) {
			c.problem(key, errors.New("has no use: listen is off, so nobody calls from the network"))
		}
		return
	}
	known, err := anyToken(c.Tokens, c.now())
	c.problem("tokens", err)
	if err == nil && c.TLS.ClientCA == "" && !known {
		c.exposed("tls.client_ca and no token that holds")
	}
	if c.TLS.ClientCA != "" {
		_, err := readAuthorities(c.TLS.ClientCA)
		c.problem("tls.client_ca", err)
	}
	if c.TLS.Cert == "" || c.TLS.Key == "" {
		c.exposed("tls.cert and tls.key")
		return
	}
	_, err = LoadCertificates(TLSFiles{Cert: c.TLS.Cert, Key: c.TLS.Key}, c.now)
	key := "tls.cert"
	var wrong *CertificateError
	if errors.As(err, &wrong) && wrong.File == c.TLS.Key {
		key = "tls.key"
	}
	c.problem(key, err)
}

func (c *settingsCheck) exposed(missing string) {
	err := &ExposedError{Address: c.Listen, Missing: missing}
	c.problems = append(c.problems, c.placed("listen", err.reason(), err))
}

// unusedTLS are the keys that say something of TLS although nothing listens with it.
func unusedTLS(s Settings) (keys []string) {
	for _, one := range []struct{ key, value string }{{"tls.cert", s.TLS.Cert}, {"tls.key", s.TLS.Key}, {"tls.client_ca", s.TLS.ClientCA}} {
		if s.Listen == Off && one.value != "" {
			keys = append(keys, one.key)
		}
	}
	return keys
}

// spawned looks at the manifests that are to be spawned, and at their packages.
func (c *settingsCheck) spawned() {
	handlers, err := Handlers()
	if err != nil {
		c.problem("spawn", err)
		return
	}
	of := map[string]string{} // the paths, by the names of their actors
	for _, path := range c.Spawn {
		m, err := manifest.Load(path, handlers)
		if err != nil {
			c.unread(path, err)
			continue
		}
		if other, taken := of[m.Name]; taken {
			c.problem("spawn", fmt.Errorf("%s and %s both make an actor that is called %s, so only the first would be started", other, path, m.Name))
		} else {
			of[m.Name] = path
		}
		c.packages(m, map[*manifest.Manifest]bool{})
	}
}

// unread takes in why a manifest cannot be read, or all that is wrong with it.
func (c *settingsCheck) unread(path string, err error) {
	var several manifest.Errors
	if errors.As(err, &several) {
		for _, one := range several {
			c.problem("spawn", one)
		}
		return
	}
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	c.problem("spawn", fmt.Errorf("%s: %w", path, err))
}

// packages looks for the packages of a tree of manifests, at each once.
func (c *settingsCheck) packages(m *manifest.Manifest, seen map[*manifest.Manifest]bool) {
	if seen[m] {
		return
	}
	seen[m] = true
	_, err := m.ReadPackage()
	c.problem("spawn", err)
	for _, child := range m.Children {
		c.packages(child.Manifest, seen)
	}
}
