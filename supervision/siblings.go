package supervision

import "iter"

// gone is the place of a child that was removed.
const gone = -1

// siblings are the children of a supervisor in the order in which they start. They
// stand in one piece of memory: whoever looks at thousands of them does not wait for
// one to know where the next one is.
type siblings struct {
	rank  []*child // nil where one was removed
	holes int
}

// len is how many there are.
func (s *siblings) len() int { return len(s.rank) - s.holes }

// add makes c the last one.
func (s *siblings) add(c *child) {
	c.place = len(s.rank)
	s.rank = append(s.rank, c)
}

func (s *siblings) remove(c *child) {
	s.rank[c.place], c.place = nil, gone
	s.holes++
	if s.holes > 16 && s.holes > len(s.rank)/2 {
		s.compact()
	}
}

// compact leaves no holes, in new memory: who goes through the old one goes on.
func (s *siblings) compact() {
	rank := make([]*child, 0, 2*s.len())
	for c := range s.all() {
		c.place = len(rank)
		rank = append(rank, c)
	}
	s.rank, s.holes = rank, 0
}

// all yields those that there are, from the first one on. Any may be removed meanwhile.
func (s *siblings) all() iter.Seq[*child] {
	rank := s.rank
	return func(yield func(*child) bool) {
		for _, c := range rank {
			if c != nil && c.place != gone && !yield(c) {
				return
			}
		}
	}
}

// backward yields them from the last one on.
func (s *siblings) backward() iter.Seq[*child] {
	rank := s.rank
	return func(yield func(*child) bool) {
		for i := len(rank) - 1; i >= 0; i-- {
			if c := rank[i]; c != nil && c.place != gone && !yield(c) {
				return
			}
		}
	}
}
