package supervision

import "slices"

// Info is what can be seen of a child at any moment.
type Info struct {
	*ChildSpec // as it was added; not to be written
	Status     Status
	Restarts   int
	Last       *Exit // its last failure, nil for none
}

func (r *rules) infos(list []Info) []Info {
	list = slices.Grow(list, r.children.len())
	for c := range r.children.all() {
		list = append(list, Info{ChildSpec: &c.ChildSpec, Status: c.status, Restarts: c.restarts, Last: c.last})
	}
	return list
}

// Children shows the children in the order in which they start. It waits for no
// child.
func (s *Supervisor) Children() []Info { return s.AppendChildren(nil) }

// AppendChildren appends them to list instead, for who has a use for its room.
func (s *Supervisor) AppendChildren(list []Info) []Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rules.infos(list)
}

// Count is how many children there are.
func (s *Supervisor) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rules.children.len()
}

// Stood shows the children as they stood when the supervisor began to end, and
// before that as they stand.
func (s *Supervisor) Stood() []Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rules.ending != nil {
		return s.rules.stood
	}
	return s.rules.infos(nil)
}
