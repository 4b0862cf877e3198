package api

import (
	"cmp"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Limits bound what clients may ask for. A zero field is that of DefaultLimits.
type Limits struct {
	RequestBytes int64 // of a request
	BundleBytes  int64 // of one that brings a bundle, and of what is unpacked
	BundleFiles  int   // in a bundle
	HeaderBytes  int   // of a request's header

	HeaderTime time.Duration // in which a header must have come
	BodyTime   time.Duration // in which the rest of a request must have come
	IdleTime   time.Duration // after which a silent connection is closed
	WriteTime  time.Duration // in which a client must have taken a part of an answer
	ReadyTime  time.Duration // how long a call waits for a node that recovers
	CallTime   time.Duration // how long a call may take that is no stream

	Rate    float64 // requests in a second of one client, on average
	Burst   int     // and at once
	Calls   int     // calls at the same time of one client, streams not counted
	Streams int     // streams at the same time of one client
	Room    int64   // bytes of all requests that are read at the same time
}

// DefaultLimits are the limits of a Server that is given none.
func DefaultLimits() Limits {
	return Limits{
		RequestBytes: 16 << 20, BundleBytes: 64 << 20, BundleFiles: 10_000, HeaderBytes: 64 << 10,
		HeaderTime: 10 * time.Second, BodyTime: time.Minute, IdleTime: 2 * time.Minute, WriteTime: 30 * time.Second,
		ReadyTime: time.Minute, CallTime: 10 * time.Minute,
		Rate: 10_000, Burst: 10_000, Calls: 1_000, Room: 512 << 20, Streams: 200,
	}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	return Limits{
		RequestBytes: cmp.Or(l.RequestBytes, d.RequestBytes), BundleBytes: cmp.Or(l.BundleBytes, d.BundleBytes),
		BundleFiles: cmp.Or(l.BundleFiles, d.BundleFiles), HeaderBytes: cmp.Or(l.HeaderBytes, d.HeaderBytes),
		HeaderTime: cmp.Or(l.HeaderTime, d.HeaderTime), BodyTime: cmp.Or(l.BodyTime, d.BodyTime),
		IdleTime: cmp.Or(l.IdleTime, d.IdleTime), WriteTime: cmp.Or(l.WriteTime, d.WriteTime),
		ReadyTime: cmp.Or(l.ReadyTime, d.ReadyTime), CallTime: cmp.Or(l.CallTime, d.CallTime),
		Rate: cmp.Or(l.Rate, d.Rate), Burst: cmp.Or(l.Burst, d.Burst),
		Calls: cmp.Or(l.Calls, d.Calls), Room: cmp.Or(l.Room, d.Room), Streams: cmp.Or(l.Streams, d.Streams),
	}
}

// maxClients is how many clients are remembered for their rate.
const maxClients = 10_000

// bounds count what clients do at the moment.
type bounds struct {
	limits Limits
	taken  atomic.Int64 // bytes of the requests under way

	mu      sync.Mutex
	clients map[string]*client // guarded by mu; by name
}

// client is what one client does.
type client struct {
	rate           *rate.Limiter
	calls, streams int // guarded by bounds.mu
}

func newBounds(l Limits) *bounds {
	return &bounds{limits: l, clients: map[string]*client{}}
}

// of is the client of a name, made when it is seen first.
func (b *bounds) ofLocked(name string) *client {
	c := b.clients[name]
	if c == nil {
		if len(b.clients) >= maxClients {
			b.forgetLocked()
		}
		c = &client{rate: rate.NewLimiter(rate.Limit(b.limits.Rate), b.limits.Burst)}
		b.clients[name] = c
	}
	return c
}

// forgetLocked makes room for others, at the cost of those that do nothing.
func (b *bounds) forgetLocked() {
	for name, c := range b.clients {
		if c.calls+c.streams == 0 {
			delete(b.clients, name)
		}
	}
}

// admit counts a request of a client, and its call or stream until leave is called. A
// method that never waits is no call: who fills up a node can still end it.
func (b *bounds) admit(name string, now time.Time, m *method) (leave func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.ofLocked(name)
	if r := c.rate.ReserveN(now, 1); r.DelayFrom(now) > 0 {
		wait := r.DelayFrom(now)
		r.CancelAt(now)
		return nil, refuse(CodeRate, "%s sends more than %g requests in a second", name, b.limits.Rate).again(wait)
	}
	under, most, what := &c.calls, b.limits.Calls, "calls"
	switch {
	case m.early:
		return func() {}, nil
	case m.stream:
		under, most, what = &c.streams, b.limits.Streams, "streams"
	}
	if *under >= most {
		return nil, refuse(CodeBusy, "%s has %d %s under way, as many as it may", name, most, what).again(time.Second)
	}
	*under++
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		*under--
	}, nil
}
