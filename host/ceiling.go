package host

import "slices"

// Ceiling is what an actor and everything below it may be granted at most. A
// child's ceiling is its parent's with restrictions added, so a child never has
// more than its parent. The zero Ceiling allows everything.
type Ceiling struct {
	denied map[string]bool
	above  map[string][]any
}

// Rule is one line of a [permission_policy]: a capability is disallowed, or
// restricted by a policy of its handler.
type Rule struct {
	Capability string
	Disallow   bool
	Policy     any // nil when Disallow is set
}

// Under returns the ceiling below c with the rules of one more manifest.
func (c Ceiling) Under(rules ...Rule) Ceiling {
	next := Ceiling{denied: map[string]bool{}, above: map[string][]any{}}
	for name := range c.denied {
		next.denied[name] = true
	}
	for name, policies := range c.above {
		next.above[name] = slices.Clone(policies)
	}
	for _, r := range rules {
		if r.Disallow {
			next.denied[r.Capability] = true
		} else {
			next.above[r.Capability] = append(next.above[r.Capability], r.Policy)
		}
	}
	return next
}

// allows reports whether the capability may be granted at all.
func (c Ceiling) allows(capability string) bool { return !c.denied[capability] }
