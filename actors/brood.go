package actors

import (
	"fmt"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/supervision"
)

// maxDepth bounds what a guest can do that spawns itself: how many levels a tree
// has.
const maxDepth = 64

// children are those that the actor starts with: what its manifest declares.
func (c *control) children() []supervision.ChildSpec {
	var specs []supervision.ChildSpec
	for _, d := range c.declared {
		if !c.template() {
			specs = append(specs, c.declaredChild(d, nil))
		}
	}
	return specs
}

// resumed are the children that the actor goes on with when it is resumed. Those
// that had ended before stay so until it starts again.
func (c *control) resumed(past []*birth) []supervision.ChildSpec {
	left := map[role]*birth{}
	for _, b := range past {
		left[b.as] = b
	}
	var specs []supervision.ChildSpec
	for _, d := range c.declared {
		as := role{name: d.spec.ID}
		if b := left[as]; b != nil && !c.template() {
			specs = append(specs, c.declaredChild(d, b))
			delete(left, as)
		}
	}
	for _, b := range past {
		if b.as.spawned || c.template() || left[b.as] == b {
			specs = append(specs, c.resumedChild(b))
		}
	}
	return specs
}

// conceive makes a declared child of an actor. Its cause is the actor's genesis,
// which names the manifest that declares it.
func (d declared) conceive(parent *control) (*birth, error) {
	b, err := d.blueprint.conceive(d.spec.ID, d.state, parent, chain.Ref{Actor: parent.id})
	if err != nil {
		return nil, err
	}
	b.as = role{name: d.spec.ID}
	return b, nil
}

// declaredChild is a child of the manifest. Each time that its supervisor needs an
// actor for it a new one is made, but first the one that is resumed, if there is
// one.
func (c *control) declaredChild(d declared, resumed *birth) supervision.ChildSpec {
	spec := d.spec
	spec.Child = &member{system: c.system, make: func(number int) (*birth, error) {
		b := resumed
		if resumed = nil; b == nil {
			var err error
			if b, err = d.conceive(c); err != nil {
				return nil, err
			}
		}
		return b, c.adopt(b, spec, number)
	}}
	return spec
}

// resumedChild is a child that the guest had spawned.
func (c *control) resumedChild(b *birth) supervision.ChildSpec {
	spec := c.spawnedSpec(b.control)
	spec.Child = &member{system: c.system, make: func(number int) (*birth, error) {
		resumed := b
		if b = nil; resumed == nil {
			return nil, errMadeOnce
		}
		return resumed, c.adopt(resumed, spec, number)
	}}
	return spec
}

// spawnedSpec is that of a child that the guest spawns: of the template where the
// manifest has one, else one that is not started again.
func (c *control) spawnedSpec(child *control) supervision.ChildSpec {
	spec := supervision.ChildSpec{Restart: supervision.Temporary, Shutdown: spawnedShutdown}
	if c.template() {
		spec = c.declared[0].spec
	}
	spec.ID, spec.Dynamic = child.text, true
	return spec
}

// adopt gives a new actor its place below this one, and the number of its first
// incarnation.
func (c *control) adopt(b *birth, spec supervision.ChildSpec, number int) error {
	if b.control.depth > maxDepth {
		return fmt.Errorf("%s is %d levels deep, and no actor may be deeper", c.path, c.depth)
	}
	b.control.above, b.control.spec, b.control.life.number = c.family.head(), spec, number
	return c.system.enter(b, c.path)
}
