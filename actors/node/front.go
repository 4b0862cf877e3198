package node

import (
	"log"
	"log/slog"
	"net/http"
	"runtime"

	"github.com/theater-go/theater/actors/observe"
)

type stub struct{}

func (stub) Close() {}

func (d *daemon) makeServer() error { d.server = &stub{}; return nil }

func (d *daemon) socketServer() *http.Server { return d.probeServer() }

func (d *daemon) networkServer() *http.Server {
	s := d.probeServer()
	s.TLSConfig = d.certificates.server()
	return s
}

// quiet is where servers say what is wrong with a connection.
func (d *daemon) quiet() *log.Logger { return slog.NewLogLogger(d.Logger.Handler(), slog.LevelDebug) }

func (d *daemon) build() observe.Build {
	return observe.Build{Version: d.Version, Revision: d.Revision, Go: runtime.Version()}
}

// loadKeys reads what tells callers apart. Callers from the network need something
// that does.
func (d *daemon) loadKeys() error { return nil }

func (d *daemon) reloadKeys() error { return nil }
