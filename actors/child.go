package actors

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/supervision"
)

// Child says which child an actor is given from outside: an actor, or something
// in Go. One whose strategy is simple-one-for-one takes its template only: nothing
// but State and Package may be set then.
type Child struct {
	Spec                             // which actor; its Name is the child's id
	Go          supervision.Child    // instead of an actor; Spec.Name is required then
	Restart     supervision.Restart  // "" is Permanent
	Shutdown    supervision.Shutdown // the zero value is BrutalKill, and not the 5s of a manifest
	Significant bool
}

// SpawnChild gives an actor one more child and waits until it is ready. Its
// supervisor keeps the child's spec as OTP's does. The Ref of a child in Go has a
// path and no id, and names no actor.
func (s *System) SpawnChild(ctx context.Context, parent Ref, child Child) (Ref, error) {
	c, err := s.resolve(parent)
	if err != nil {
		return Ref{}, err
	}
	if c.template() {
		return s.spawnTemplate(ctx, c, child)
	}
	head, err := c.raised(ctx)
	if err != nil {
		return Ref{}, err
	}
	if child.Go != nil {
		if err := checkName(child.Name); err != nil {
			return Ref{}, err
		}
	}
	spec := supervision.ChildSpec{ID: child.Name, Restart: child.Restart, Shutdown: child.Shutdown, Significant: child.Significant, Child: child.Go}
	var made *member
	if child.Go == nil {
		if spec.ID, made, err = s.childOf(ctx, c, child, &spec); err != nil {
			return Ref{}, err
		}
		spec.Child = made
	}
	ready := make(chan error, 1)
	head.Add(spec, func(err error) { ready <- err })
	select {
	case err = <-ready:
	case <-ctx.Done():
		head.Ward(spec.ID, func(c supervision.Child) bool { return c == spec.Child }).Terminate(func(error) {})
		err = context.Cause(ctx)
	}
	path := c.path + "/" + spec.ID
	if err != nil {
		return Ref{}, fmt.Errorf("spawn %s: %w", path, err)
	}
	if made != nil {
		return made.actor.Load().ref(), nil
	}
	return Ref{Path: path, inGo: true}, nil
}

// spawnTemplate spawns one more child of the template.
func (s *System) spawnTemplate(ctx context.Context, parent *control, child Child) (Ref, error) {
	id := parent.declared[0].spec.ID
	if child.Manifest != nil || child.Blueprint != nil || child.Go != nil || child.Name != "" ||
		child.Restart != "" || child.Shutdown != supervision.BrutalKill || child.Significant {
		return Ref{}, fmt.Errorf("%s spawns its template %q only, for its strategy is simple-one-for-one: give a child no more than a state and a package", parent.path, id)
	}
	blueprint, name, err := parent.offspring(ctx, id, child.Package)
	if err != nil {
		return Ref{}, err
	}
	state, err := child.state()
	if err != nil {
		return Ref{}, err
	}
	if state == nil {
		state = parent.declared[0].state
	}
	b, err := blueprint.conceive(name, state, parent, chain.Ref{Actor: parent.id})
	if err != nil {
		return Ref{}, err
	}
	if _, err := parent.raised(ctx); err != nil {
		return Ref{}, err
	}
	if err := parent.adopt(b, parent.spawnedSpec(b.control), 0); err != nil {
		return Ref{}, err
	}
	return s.enroll(ctx, b)
}

// childOf makes what starts the actor, each time that it is to start anew.
func (s *System) childOf(ctx context.Context, parent *control, child Child, spec *supervision.ChildSpec) (id string, m *member, err error) {
	if child.Blueprint != nil {
		return "", nil, errors.New("a child is prepared under what its parent may grant: give its manifest, not a blueprint")
	}
	if child.Manifest == nil {
		return "", nil, errors.New("a spawn needs a manifest")
	}
	id = cmp.Or(child.Name, child.Manifest.Name)
	if err := checkName(id); err != nil {
		return "", nil, err
	}
	if err := child.Manifest.LoadChildren(s.config.Handlers); err != nil {
		return "", nil, err
	}
	b, err := s.prepare(ctx, child.Manifest, child.Package, parent.ceiling)
	if err != nil {
		return "", nil, err
	}
	state, err := child.state()
	if err != nil {
		return "", nil, err
	}
	return id, &member{system: s, make: func(number int) (*birth, error) {
		born, err := b.conceive(id, state, parent, chain.Ref{Actor: parent.id})
		if err != nil {
			return nil, err
		}
		return born, parent.adopt(born, *spec, number)
	}}, nil
}

// raised is the actor's supervisor, ready for children: its own process sees to
// that.
func (c *control) raised(ctx context.Context) (*supervision.Supervisor, error) {
	if s := c.family.head(); s != nil && s.Active() {
		return s, nil
	}
	done := make(chan *supervision.Supervisor, 1)
	c.mailbox.order(raise{done})
	select {
	case s := <-done:
		return s, nil
	case <-c.done:
		return nil, fmt.Errorf("%s: %w", c.path, ErrStopped)
	case <-ctx.Done():
		return nil, fmt.Errorf("actor %s: %w", c.path, context.Cause(ctx))
	}
}
