// Package observe shows a node to Prometheus: what its actors, its log and its
// management API do, as metrics whose names begin with theater_.
//
// It has a registry of its own, so that two nodes of one process do not share
// one. It counts nothing that others count already: a scrape asks for the totals.
// No metric names an actor, a path or a guest, for there may be a great many of
// them; the management API shows those. Only the composition root imports it.
package observe

import (
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/theater-go/theater/actors"
)

// Config says where a scrape finds what it shows. Its functions are called by many
// goroutines and must not wait for actors; one that is nil shows nothing.
type Config struct {
	Actors   func() actors.Stats
	Memory   func() (used, budget int64) // bytes of guests; a budget of 0 is no bound
	Log      func() Log
	Disk     func() (free, needed uint64) // bytes, of the data folder's disk
	Recovery func() Recovery
	Ready    func() bool
	Build    Build
}

// Log is what the log of a node has written since it was opened.
type Log struct {
	Records, Bytes, Commits int64
	CommitTime              time.Duration // of all commits together
	Stopped                 bool          // it takes no more
}

// Recovery is how far the actors of the log have come back.
type Recovery struct {
	Total, Done, Failed, Ended int
	Took                       time.Duration // so far
}

// Build is which program runs.
type Build struct{ Version, Revision, Go string }

// Metrics are the metrics of one node. They are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

// New makes the metrics of a node.
func New(config Config) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "theater_api_requests_total", Help: "Requests to the management API that were answered, by method and code.",
		}, []string{"method", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "theater_api_request_duration_seconds", Help: "Time from a request to the management API to the end of its answer, streams left out.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"method"}),
	}
	m.registry.MustRegister(m.requests, m.duration, collector{config},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Request counts a request that was answered. The method is that of the API, the
// code that of the answer, "ok" for a good one: there must be few of both.
func (m *Metrics) Request(method, code string, took time.Duration) {
	m.requests.WithLabelValues(method, code).Inc()
	m.duration.WithLabelValues(method).Observe(took.Seconds())
}

// Stream counts a stream that has ended. How long it was open says nothing of the
// node.
func (m *Metrics) Stream(method, code string) { m.requests.WithLabelValues(method, code).Inc() }

// Handler answers scrapes.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, MaxRequestsInFlight: maxScrapes})
}

// maxScrapes is how many scrapes are answered at once.
const maxScrapes = 4

// Gatherer gives the metrics to who reads them in this process.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// Family documents one metric of ours.
type Family struct {
	Name, Help, Type string
	Labels           []string
}

// Families lists the metrics that a scrape shows now and that are of this package.
func (m *Metrics) Families() ([]Family, error) {
	gathered, err := m.registry.Gather()
	if err != nil {
		return nil, err
	}
	var all []Family
	for _, g := range gathered {
		if !strings.HasPrefix(g.GetName(), "theater_") {
			continue
		}
		f := Family{Name: g.GetName(), Help: g.GetHelp(), Type: strings.ToLower(g.GetType().String())}
		for _, l := range g.GetMetric()[0].GetLabel() {
			f.Labels = append(f.Labels, l.GetName())
		}
		all = append(all, f)
	}
	return all, nil
}
