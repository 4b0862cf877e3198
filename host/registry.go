package host

import (
	"fmt"
	"slices"
	"strings"
)

// Registry holds the handlers that a node offers. It is immutable.
type Registry struct {
	byType      map[string]Handler
	byInterface map[string]served
	types       []string
}

// served is an interface with the handler that serves it.
type served struct {
	Interface
	handler Handler
}

// NewRegistry makes a registry. Two handlers of one type, or that serve the
// same interface, are an error.
func NewRegistry(handlers ...Handler) (*Registry, error) {
	r := &Registry{byType: map[string]Handler{}, byInterface: map[string]served{}}
	for _, h := range handlers {
		if _, ok := r.byType[h.Type()]; ok {
			return nil, fmt.Errorf("two handlers of type %q", h.Type())
		}
		r.byType[h.Type()] = h
		r.types = append(r.types, h.Type())
		for _, i := range h.Interfaces() {
			if other, ok := r.byInterface[i.Pact.Name]; ok {
				return nil, fmt.Errorf("handlers %q and %q both serve %s", other.handler.Type(), h.Type(), i.Pact.Name)
			}
			r.byInterface[i.Pact.Name] = served{i, h}
		}
	}
	slices.Sort(r.types)
	return r, nil
}

// HandlerTypes lists the types that a manifest may ask for, sorted.
func (r *Registry) HandlerTypes() []string { return slices.Clone(r.types) }

// NewConfig returns settings of the handler type for TOML to be decoded into.
func (r *Registry) NewConfig(handlerType string) (any, bool) {
	h, ok := r.byType[handlerType]
	if !ok {
		return nil, false
	}
	return h.NewConfig(), true
}

// NewPolicy returns what [permission_policy] may restrict of a capability. It
// is nil where the capability has nothing to restrict.
func (r *Registry) NewPolicy(capability string) (any, bool) {
	for t, h := range r.byType {
		if Capability(t) == capability {
			return h.NewPolicy(), true
		}
	}
	return nil, false
}

// Capability is the name by which [permission_policy] knows a handler type.
func Capability(handlerType string) string { return strings.ReplaceAll(handlerType, "-", "_") }
