package supervision

// boot are children that start one after the other, each once the one before is
// ready. If one does not start, the supervisor ends.
type boot struct {
	queue []*child // those to come
	ready func(error)
}

// begin adds children and boots them. ready is called when all are up, or with
// what ended the supervisor before.
func (r *rules) begin(specs []ChildSpec, ready func(error)) {
	if r.ending != nil {
		r.hands.later(func() { ready(ErrStopping) })
		return
	}
	b := &boot{ready: ready}
	r.boots = append(r.boots, b)
	for _, spec := range specs {
		if err := r.admit(spec); err != nil {
			r.end(Exit{Reason: ReasonInitFailed, Err: err}, Order{Reason: ReasonShutdown})
			return
		}
		c := r.add(spec)
		c.coming, c.status = true, StatusWaiting
		b.queue = append(b.queue, c)
	}
	if r.booting == nil {
		r.boot()
	}
}

// boot starts the next child. When none is left, what has ended meanwhile is
// decided on.
func (r *rules) boot() {
	r.booting = nil
	for len(r.boots) > 0 && !r.warned {
		b := r.boots[0]
		if len(b.queue) == 0 {
			r.boots = r.boots[1:]
			r.hands.later(func() { b.ready(nil) })
			continue
		}
		c := b.queue[0]
		b.queue = b.queue[1:]
		if c.coming { // nobody has terminated it
			c.coming = false
			r.booting = c
			r.start(c, Again{})
			return
		}
	}
	early := r.early
	r.early = nil
	for _, c := range early {
		if r.ending == nil && c.status == StatusWaiting && c.repair == nil {
			r.decide(c)
		}
	}
}

// abort tells who waits for a boot what has ended the supervisor before.
func (r *rules) abort() {
	err := ErrStopping
	if r.ending.Err != nil {
		err = r.ending.Err
	}
	for _, b := range r.boots {
		r.hands.later(func() { b.ready(err) })
	}
	r.boots = nil
}
