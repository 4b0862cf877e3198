package actors

import "sync"

// Monitor gives, on a channel of one, how the actor's incarnation ends: at once
// where it has ended, and with ReasonNoProc where there is no such actor. What its
// supervisor does then is not waited for; Watch waits for the actor's own end.
// cancel gives the monitor up.
func (s *System) Monitor(ref Ref) (down <-chan Exit, cancel func()) {
	ch := make(chan Exit, 1)
	c, err := s.resolve(ref)
	if err != nil {
		ch <- Exit{Reason: ReasonNoProc, Err: err}
		return ch, func() {}
	}
	return ch, c.monitor(func(exit Exit) { ch <- exit })
}

// monitor has told called once, with the end of the incarnation. It must not wait.
func (c *control) monitor(told func(Exit)) (cancel func()) {
	c.mu.Lock()
	l := c.life
	if l.isOver {
		c.mu.Unlock()
		told(l.exit)
		return func() {}
	}
	if l.monitors == nil {
		l.monitors = map[*func(Exit)]bool{}
	}
	key := &told
	l.monitors[key] = true
	c.mu.Unlock()
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(l.monitors, key)
	}
}

// Link ties two actors together: when an incarnation of one fails, that of the
// other is made to fail with the same exit, and their supervisors decide. An end
// in order is not passed on. The link ends with the first of them, or when unlink
// is called. Where one of them has failed already the other fails at once.
func (s *System) Link(a, b Ref) (unlink func(), err error) {
	first, err := s.resolve(a)
	if err != nil {
		return nil, err
	}
	second, err := s.resolve(b)
	if err != nil {
		return nil, err
	}
	var once sync.Once
	pass := func(from, to *control) func(Exit) {
		return func(exit Exit) {
			once.Do(func() {
				if exit.Failed() {
					to.above.Failing(to.spec.ID, Exit{Reason: exit.Reason, Err: &LinkedError{Path: from.path, Exit: exit}})
				}
			})
		}
	}
	one, other := first.monitor(pass(first, second)), second.monitor(pass(second, first))
	return func() {
		once.Do(func() {})
		one()
		other()
	}, nil
}
