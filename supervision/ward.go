package supervision

// Ward is a child as who knows it means it: the one of an id, as long as it is
// the same. Its methods are the supervisor's; for another child that has the id
// by now, as for none, they give ErrNoChild, and Failing does nothing.
type Ward struct {
	supervisor *Supervisor
	id         string
	is         func(Child) bool
}

// Ward makes one. is reports whether a child is the one that is meant; it is
// called on the supervisor's goroutine, where it must not wait.
func (s *Supervisor) Ward(id string, is func(Child) bool) Ward { return Ward{s, id, is} }

// Terminate is Supervisor.Terminate.
func (w Ward) Terminate(done func(error)) {
	w.ask(done, func(r *rules) { r.terminate(w.id, done) })
}

// Restart is Supervisor.Restart.
func (w Ward) Restart(done func(error)) {
	w.ask(done, func(r *rules) { r.restart(w.id, done) })
}

// Failing is Supervisor.Failing.
func (w Ward) Failing(incarnation int, exit Exit) {
	w.ask(func(error) {}, func(r *rules) { r.failing(w.id, incarnation, exit) })
}

func (w Ward) ask(done func(error), run func(*rules)) {
	w.supervisor.ask(done, func(r *rules) {
		if c := r.byID[w.id]; c == nil || !w.is(c.Child) {
			r.hands.later(func() { done(ErrNoChild) })
			return
		}
		run(r)
	})
}
