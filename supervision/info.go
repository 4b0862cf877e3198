package supervision

// Info is what can be seen of a child at any moment.
type Info struct {
	ChildSpec
	Status   Status
	Restarts int
	Last     *Exit // its last failure, nil for none
}

func (r *rules) infos() []Info {
	list := make([]Info, 0, r.children.Len())
	for c := range r.all() {
		list = append(list, Info{ChildSpec: c.ChildSpec, Status: c.status, Restarts: c.restarts, Last: c.last})
	}
	return list
}
