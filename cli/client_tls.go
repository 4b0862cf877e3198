package cli

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/theater-go/theater/actors/node"
)

// trusted says why the folder of this user's socket may hold that of somebody else.
// A folder that is not there holds nothing.
func trusted(socket string) error {
	dir := filepath.Dir(socket)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := node.CheckSocketFolder(dir); err != nil {
		return &failure{code: codeNotAllowed, cause: err, hint: "--address names the socket of a node elsewhere"}
	}
	return nil
}

// tls is what https needs, nil where the flags say nothing of it.
func (l *live) tls(command string) (*tls.Config, error) {
	if (l.cert == "") != (l.key == "") {
		return nil, usagef(command, "--cert and --key belong together: one is there and the other is not")
	}
	if l.ca == "" && l.cert == "" {
		return nil, nil
	}
	if !strings.HasPrefix(l.address, "https:") {
		return nil, nil // they are in the environment for another node
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if l.ca != "" {
		pem, err := readFile(l.ca)
		if err != nil {
			return nil, prefixed("--ca", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--ca: %s holds no certificate in PEM", l.ca)
		}
	}
	if l.cert != "" {
		pair, err := tls.LoadX509KeyPair(l.cert, l.key)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, notFound(fmt.Errorf("--cert and --key: %w", err), "")
		}
		if err != nil {
			return nil, fmt.Errorf("--cert and --key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
