package host

import "github.com/theater-go/theater/wasm/pack"

// Offer is what a registry has for one interface that a module imports.
type Offer struct {
	Handler  string    // type of the handler that serves it, "" when none does
	Hash     pack.Hash // of what the handler serves, over the functions that the module declares of it
	Hashed   bool      // false when there is no handler, or it lacks one of those functions
	Refusals []*LinkError
}

// Offer says what Link would make of the functions that a module imports from an
// interface, and of the hash that it declares of it, nil when it declares none,
// if the handler were granted.
func (r *Registry) Offer(iface string, functions []string, hash *pack.Hash, declared pack.Metadata) Offer {
	var o Offer
	s, served := r.byInterface[iface]
	if served {
		o.Handler = s.handler.Type()
		subset, missing := s.Pact.SubsetHash(declaredFunctions(iface, declared)...)
		if o.Hash, o.Hashed = subset, len(missing) == 0; o.Hashed && hash != nil && *hash == s.Pact.Hash() {
			o.Hash = *hash
		}
	}
	for _, f := range functions {
		if _, refused := r.resolve(Import{iface, f}, []Table{{Type: o.Handler}}); refused != nil {
			o.Refusals = append(o.Refusals, refused)
		}
		if !served {
			return o // the others, and the hash, are refused for the same
		}
	}
	if hash != nil {
		if refused := r.checkHash(pack.InterfaceHash{Name: iface, Hash: *hash}, declared); refused != nil {
			o.Refusals = append(o.Refusals, refused)
		}
	}
	return o
}
