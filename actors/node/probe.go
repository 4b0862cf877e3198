package node

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/observe"
)

// probes are what supervisors and Prometheus ask: /healthz answers 200 while the node
// can do anything at all, /readyz while it takes requests, else 503.
func (d *daemon) probes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", d.metrics.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { d.probe(w, d.alive()) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { d.probe(w, d.ready()) })
	return mux
}

func (d *daemon) ready() bool {
	state, _ := d.state()
	return state == StateReady
}

// probe answers with the state of the node.
func (d *daemon) probe(w http.ResponseWriter, good bool) {
	state, detail := d.state()
	r := d.recovery()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !good {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	// Who asks and has gone hears nothing.
	_ = json.NewEncoder(w).Encode(struct {
		State     State  `json:"state"`
		Detail    string `json:"detail,omitempty"`
		Done      int    `json:"done"`      // of total, executed again or given up
		Recovered int    `json:"recovered"` // up, once all are done
		Failed    int    `json:"failed"`
		Ended     int    `json:"ended"`
		Total     int    `json:"total"`
	}{state, detail, r.Done, r.Resumed, len(r.Left), len(r.Ended), r.Total})
}

// What a probe may take.
const (
	probeHeaderTime  = 5 * time.Second
	probeAnswerTime  = 30 * time.Second
	probeIdleTime    = 2 * time.Minute
	probeHeaderBytes = 16 << 10
)

// probeServer has the probes alone.
func (d *daemon) probeServer() *http.Server {
	return &http.Server{
		Handler: d.probes(), ReadHeaderTimeout: probeHeaderTime, ReadTimeout: probeHeaderTime, WriteTimeout: probeAnswerTime,
		IdleTimeout: probeIdleTime, MaxHeaderBytes: probeHeaderBytes, ErrorLog: d.quiet(),
	}
}

// measured is where the metrics find what they show. The node must be open.
func (d *daemon) measured() observe.Config {
	return observe.Config{
		Actors: func() actors.Stats { return d.node.System.Stats() },
		Memory: func() (used, budget int64) { return d.node.Engine.Memory() },
		Log:    func() observe.Log { return d.node.logged() },
		Disk:   func() (free, needed uint64) { return d.node.disk() },
		Recovery: func() observe.Recovery {
			r := d.recovery()
			return observe.Recovery{Total: r.Total, Done: r.Resumed, Failed: len(r.Left), Ended: len(r.Ended), Took: r.Took}
		},
		Ready: d.ready,
		Build: d.build(),
	}
}
