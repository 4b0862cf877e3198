package api

import "context"

// Ring is a ring of numbers whose size they are.
type Ring struct{ *ring[int] }

// NewRing makes one.
func NewRing(most, bytes int) Ring { return Ring{newRing(most, bytes, func(n int) int { return n })} }

// Reader goes along a Ring.
type Reader struct {
	*ringReader
	of Ring
}

// Open begins a reader.
func (r Ring) Open(old bool) Reader { return Reader{r.open(old), r} }

// Add adds a number.
func (r Ring) Add(n int) { r.add(n) }

// Take returns what there is.
func (r Reader) Take(most int) ([]int, uint64) { return r.of.take(r.ringReader, most) }

// Statuses are the codes that there are.
var Statuses = statuses

// CodeOf is the code of an error of the packages below.
func CodeOf(err error) string { return refusalOf(err).code }

// CodeOfUnprepared is that of an error which keeps an actor from being made.
func CodeOfUnprepared(err error) string { return unprepared(err).code }

// Calls are the calls under way.
func (s *Server) Calls() (n int) {
	s.bounds.mu.Lock()
	defer s.bounds.mu.Unlock()
	for _, c := range s.bounds.clients {
		n += c.calls
	}
	return n
}

// Context is that of calls that come through HTTP.
func (s *Server) Context() context.Context { return s.base }

// BehindAt has who follows one actor look for its records once so many others are
// before him.
func (s *Server) BehindAt(records uint64) { s.farBehind = records }
