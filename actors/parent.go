package actors

import (
	"context"
	"errors"
	"fmt"

	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm/pack"
)

// What host/supervisor asks of an actor (its Parent).

// SpawnChild starts a child from the manifest that the guest has named and waits
// for the end of its init.
func (p *process) SpawnChild(ctx context.Context, ref string, state *pack.Value, code []byte, resumed bool, at host.Event) (id string, err error) {
	defer func() {
		if ofNode(err) {
			p.logger().Error("a child could not be spawned", "error", err)
			err = errOfNode
		}
	}()
	c := p.control
	blueprint, name, err := c.offspring(ctx, ref, code)
	if err != nil {
		return "", err
	}
	var initial []byte
	if c.template() {
		initial = c.declared[0].state
	}
	if state != nil {
		if initial, err = pack.Encode(*state); err != nil {
			return "", fmt.Errorf("initial state: %w", err)
		}
	}
	b, err := blueprint.conceive(name, initial, c, causeOf(at).Event)
	if err != nil {
		return "", err
	}
	b.goesOn, b.marks = resumed, p.marks
	child := b.control
	c.family.raise(p.context)
	if err := c.adopt(b, c.spawnedSpec(child), 0); err != nil {
		return "", err
	}
	leave, err := p.system.waits.enter(c, child, untilReady)
	if err != nil {
		p.system.unborn(b, err)
		return "", err
	}
	defer leave()
	if _, err := p.system.enroll(ctx, b); err != nil {
		return "", err
	}
	p.spawned = child
	return child.text, nil
}

// offspring is what a child is made from that the guest names, and what it is
// called.
func (c *control) offspring(ctx context.Context, ref string, code []byte) (*Blueprint, string, error) {
	s := c.system
	if c.template() {
		d, declares := c.declared[0], c.manifest.Children[0]
		if err := d.blueprint.hasRoom(); err != nil {
			return nil, "", err
		}
		switch {
		case ref != declares.ID && ref != declares.File:
			return nil, "", fmt.Errorf("%s spawns its template %q only, for its strategy is simple-one-for-one: %q is another", c.path, declares.ID, ref)
		case code == nil:
			return d.blueprint, d.spec.ID, nil
		}
		b, err := d.blueprint.repackaged(ctx, code, c.ceiling)
		if err != nil {
			return nil, "", fmt.Errorf("the template %q with another package: %w", declares.ID, err)
		}
		return b, d.spec.ID, nil
	}
	m, err := c.manifest.Reference(ref, s.config.Handlers)
	if err != nil {
		return nil, "", err
	}
	if err := m.LoadChildren(s.config.Handlers); err != nil {
		return nil, "", fmt.Errorf("the children that %s declares are not valid: theater validate says why", ref)
	}
	b, err := s.prepare(ctx, m, code, c.ceiling)
	return b, m.Name, err
}

// repackaged is the blueprint with another package. The children that its manifest
// declares are made from what they were.
func (b *Blueprint) repackaged(ctx context.Context, code []byte, above host.Ceiling) (*Blueprint, error) {
	other, err := b.system.bind(ctx, b.manifest, code, above)
	if err != nil {
		return nil, err
	}
	other.writer, other.declared, other.lineage, other.made = b.writer, b.declared, b.lineage, b.made
	other.made.Module = b.writer.PutBlob(code)
	return other, other.found()
}

// AwaitChild waits for the end of the child that the guest has spawned last. One
// that cannot be waited for is told to stop.
func (p *process) AwaitChild(ctx context.Context, id string) (data []byte, stopped bool, err error) {
	child := p.spawned
	if child == nil || child.text != id {
		return nil, false, &NotFoundError{Target: id}
	}
	leave, err := p.system.waits.enter(p.control, child, untilEnd)
	if err != nil {
		p.dismiss(child)
		return nil, false, err
	}
	defer leave()
	select {
	case <-child.done:
	case <-ctx.Done():
		p.dismiss(child)
		return nil, false, ctx.Err()
	}
	switch exit := child.exited(); {
	case exit.Reason == ReasonNormal:
		return exit.Data, false, nil
	case exit.Failed():
		return nil, false, errors.New(child.saying(exit))
	}
	return nil, true, nil
}

// dismiss has a child stop, and does not wait for that.
func (p *process) dismiss(child *control) {
	child.owe(p.marks)
	child.ward().Terminate(func(error) {})
}

// Children lists the ids of the children, oldest first.
func (p *process) Children() []string {
	head := p.control.family.head()
	if head == nil {
		return nil
	}
	var ids []string
	for _, info := range head.Children() {
		if m, ok := info.Child.(*member); ok && info.Status != supervision.StatusEnded {
			if c := m.actor.Load(); c != nil {
				ids = append(ids, c.text)
			}
		}
	}
	return ids
}

// IsChild reports whether a child with that id lives.
func (p *process) IsChild(id string) bool { return p.child(id) != nil }

func (p *process) child(id string) *control {
	if c, ok := p.system.registry.find(id); ok && c.parent == p.control && c.text == id {
		return c
	}
	return nil
}

// StopChild stops a child for good and waits for its end.
func (p *process) StopChild(ctx context.Context, id string) error {
	return p.wish(ctx, id, untilEnd, supervision.Ward.Terminate)
}

// RestartChild has a child begin again and waits until it is ready.
func (p *process) RestartChild(ctx context.Context, id string) error {
	u := untilEnd // those below end first, unless it keeps its state
	if child := p.child(id); child != nil && child.keepsState() {
		u = untilAnswer
	}
	return p.wish(ctx, id, u, supervision.Ward.Restart)
}

// wish asks the supervisor for something about a child, and waits for it.
func (p *process) wish(ctx context.Context, id string, u until, what func(supervision.Ward, func(error))) error {
	child := p.child(id)
	if child == nil {
		return &NotFoundError{Target: id}
	}
	leave, err := p.system.waits.enter(p.control, child, u)
	if err != nil {
		return err
	}
	defer leave()
	child.owe(p.marks)
	done := make(chan error, 1)
	what(child.ward(), func(err error) { done <- err })
	select {
	case err := <-done:
		if err != nil {
			child.owe(nil)
		}
		return discreet(inherited(err))
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// ChildState is the child's state after its last turn that succeeded.
func (p *process) ChildState(_ context.Context, id string) (pack.Value, error) {
	child := p.child(id)
	if child == nil || child.machine.Load() == nil {
		return pack.Value{}, &NotFoundError{Target: id}
	}
	return pack.Decode(child.machine.Load().Peek())
}

// SubscribeChild has the child's events delivered to handle-child-event, if the
// guest has one.
func (p *process) SubscribeChild(id string) error {
	child := p.child(id)
	if child == nil {
		child = p.resumed(id)
	}
	if child == nil {
		return &NotFoundError{Target: id}
	}
	if export, ok := p.control.callbacks[callbackEvent]; ok {
		child.acks.follow(&notices{
			to: p.control, of: child, export: export, era: p.era,
			from: child.appended.Load(), refers: child.writer == p.writer,
		})
	}
	return nil
}

// resumed is a child that is to be resumed with its parent.
func (p *process) resumed(id string) *control {
	if p.birth == nil {
		return nil
	}
	for _, b := range p.birth.past {
		if b.control.text == id {
			return b.control
		}
	}
	return nil
}

// UnsubscribeChild ends that.
func (p *process) UnsubscribeChild(id string) {
	if child := p.child(id); child != nil {
		child.acks.unfollow()
	}
}
