package actors

import "slices"

// requests are those that an actor was asked and has not answered. Each is
// answered once, by its own actor.
type requests struct {
	ids     []string // oldest first
	replies map[string]*reply
}

func (r *requests) open(id string, to *reply) {
	if r.replies == nil {
		r.replies = map[string]*reply{}
	}
	r.ids = append(r.ids, id)
	r.replies[id] = to
}

// settle answers a request; one that is settled already stays so.
func (r *requests) settle(p *process, id string, a answer) {
	to, ok := r.replies[id]
	if !ok {
		return
	}
	r.forget(id)
	p.reply(to, a)
}

// forget lets go of a request that somebody else answers.
func (r *requests) forget(id string) {
	delete(r.replies, id)
	r.ids = slices.DeleteFunc(r.ids, func(other string) bool { return other == id })
}

// abandon tells all who still wait that the actor is gone.
func (r *requests) abandon(p *process) {
	for _, id := range slices.Clone(r.ids) {
		r.settle(p, id, p.control.gone(r.replies[id]))
	}
}
