package actors

import "github.com/theater-go/theater/chain"

// marks are the actors that were told of a child's event before a turn, in the
// chain of messages that has led to it. None of them is told of that turn, or
// they would never come to rest. Nobody changes marks; nil is none.
type marks struct {
	by   *notices // by which the actor was told
	rest *marks
}

// of reports whether the actor is among them.
func (m *marks) of(c *control) bool {
	for ; m != nil; m = m.rest {
		if m.by.to == c {
			return true
		}
	}
	return false
}

// with are the marks and one more. Actors that have ended are left out, so that
// there are never more than live.
func (m *marks) with(n *notices) *marks { return &marks{by: n, rest: m.live()} }

func (m *marks) live() *marks {
	if m == nil {
		return nil
	}
	rest := m.rest.live()
	switch {
	case !m.by.to.listed.Load():
		return rest
	case rest == m.rest:
		return m
	}
	return &marks{by: m.by, rest: rest}
}

// acknowledger takes what the log says of the next record.
func (p *process) acknowledger() chain.Acknowledger {
	if p.marks == nil {
		return &p.control.acks
	}
	return marked{&p.control.acks, p.marks}
}

// inherit takes over the marks of the turn that has told the actor to end, or to
// begin again.
func (p *process) inherit() {
	c := p.control
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.owed != nil {
		p.marks, c.owed = c.owed, nil
	}
}

// owe leaves them to an actor.
func (c *control) owe(m *marks) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owed = m
}
