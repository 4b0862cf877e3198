package actors

import "sync/atomic"

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
	l, told := c.current(), func(exit Exit) { ch <- exit }
	c.monitor(l, &told)
	return ch, func() { c.forget(l, &told) }
}

// monitor has told called once, with the end of the incarnation. It must not wait.
func (c *control) monitor(l *life, told *func(Exit)) {
	c.mu.Lock()
	if l.over.given {
		c.mu.Unlock()
		(*told)(l.exit)
		return
	}
	if l.monitors == nil {
		l.monitors = map[*func(Exit)]bool{}
	}
	l.monitors[told] = true
	c.mu.Unlock()
}

// forget takes back a monitor.
func (c *control) forget(l *life, told *func(Exit)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(l.monitors, told)
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
	k := &link{ends: [2]end{{first, first.current()}, {second, second.current()}}}
	for i, e := range k.ends {
		k.told[i] = func(exit Exit) { k.pass(i, exit) }
		e.monitor(e.life, &k.told[i])
	}
	if k.over.Load() { // maybe before both were told
		k.forget()
	}
	return k.unlink, nil
}

// link is what ties two incarnations together.
type link struct {
	ends [2]end
	told [2]func(Exit)
	over atomic.Bool
}

type end struct {
	*control
	life *life
}

// pass has the other end fail as this one has.
func (k *link) pass(from int, exit Exit) {
	if k.over.Swap(true) {
		return
	}
	k.forget()
	if this, other := k.ends[from], k.ends[1-from]; exit.Failed() {
		other.ward().Failing(other.life.number, Exit{Reason: exit.Reason, Err: &LinkedError{Path: this.path, Exit: this.outward(exit)}})
	}
}

func (k *link) unlink() {
	k.over.Store(true)
	k.forget()
}

func (k *link) forget() {
	for i, e := range k.ends {
		e.forget(e.life, &k.told[i])
	}
}
