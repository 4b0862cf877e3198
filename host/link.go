package host

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/theater-go/theater/wasm/pack"
)

// Import is a function that a module imports.
type Import struct{ Interface, Function string }

// Table is one [[handler]] of a manifest.
type Table struct {
	Type   string
	Config any
}

// Function is an import that is granted: what to call, and how.
type Function struct {
	Interface string
	Signature pack.FunctionSig
	Kind      Kind
	Handler   string // type of the handler, the key of the actor's sessions
}

// LinkError says why a module's imports cannot be served.
type LinkError struct {
	Reason string
	Hint   string // what to do, "" when there is nothing to add
}

func (e *LinkError) Error() string {
	if e.Hint == "" {
		return e.Reason
	}
	return e.Reason + ": " + e.Hint
}

// Link resolves a module's theater imports, in their order, to the functions
// that the manifest's tables grant under the ceiling. It refuses an import that
// nothing grants, and an interface whose declaration differs from ours.
func (r *Registry) Link(imports []Import, declared pack.Metadata, tables []Table, ceiling Ceiling) ([]Function, error) {
	for _, t := range tables {
		if !ceiling.allows(Capability(t.Type)) {
			return nil, &LinkError{Reason: fmt.Sprintf("handler %q is disallowed by [permission_policy] of the actor or of a parent", t.Type), Hint: "remove the [[handler]] table, or allow the capability there"}
		}
	}
	functions := make([]Function, len(imports))
	for i, imp := range imports {
		f, refused := r.resolve(imp, tables)
		if refused != nil {
			return nil, refused
		}
		functions[i] = f
	}
	seen := map[string]bool{}
	for _, h := range declared.ImportHashes {
		if seen[h.Name] { // each takes time for all declared functions
			return nil, &LinkError{Reason: fmt.Sprintf("the actor declares the hash of interface %q twice", h.Name)}
		}
		seen[h.Name] = true
		if refused := r.checkHash(h, declared); refused != nil {
			return nil, refused
		}
	}
	return functions, nil
}

func (r *Registry) resolve(imp Import, tables []Table) (Function, *LinkError) {
	s, ok := r.byInterface[imp.Interface]
	if !ok {
		return Function{}, &LinkError{
			Reason: fmt.Sprintf("the actor imports %s.%s, and no handler provides that interface", imp.Interface, imp.Function),
			Hint:   "handlers are " + strings.Join(r.types, ", "),
		}
	}
	granted := slices.ContainsFunc(tables, func(t Table) bool { return t.Type == s.handler.Type() })
	if !granted {
		return Function{}, &LinkError{
			Reason: fmt.Sprintf("the actor imports %s.%s, which its manifest does not grant", imp.Interface, imp.Function),
			Hint:   fmt.Sprintf("a [[handler]] table with type = %q grants it", s.handler.Type()),
		}
	}
	signature, known := s.Pact.Function(imp.Function)
	kind := s.Kinds[imp.Function]
	if !known || kind == 0 {
		return Function{}, &LinkError{Reason: fmt.Sprintf("the actor imports %s.%s, a function that handler %q does not offer", imp.Interface, imp.Function, s.handler.Type())}
	}
	return Function{Interface: imp.Interface, Signature: signature, Kind: kind, Handler: s.handler.Type()}, nil
}

// checkHash compares the guest's hash of an interface with ours over the
// functions that the guest declares of it, then with the whole.
func (r *Registry) checkHash(h pack.InterfaceHash, declared pack.Metadata) *LinkError {
	s, ok := r.byInterface[h.Name]
	if !ok {
		return &LinkError{Reason: fmt.Sprintf("no handler provides interface %q required by the actor", h.Name), Hint: "handlers are " + strings.Join(r.types, ", ")}
	}
	names := declaredFunctions(h.Name, declared)
	subset, missing := s.Pact.SubsetHash(names...)
	if len(missing) == 0 && (subset == h.Hash || s.Pact.Hash() == h.Hash) {
		return nil
	}
	return &LinkError{
		Reason: fmt.Sprintf("Interface hash mismatch for '%s' (handler: %s). The actor's function signatures don't match the handler's implementation. Actor imports functions: [%s]. Actor hash: %s, Handler subset hash: %s",
			h.Name, s.handler.Type(), strings.Join(names, ", "), hex.EncodeToString(h.Hash[:]), hex.EncodeToString(subset[:])),
		Hint: "rebuild the actor against this version of the interface",
	}
}

// declaredFunctions are the functions that a module declares to import from an
// interface.
func declaredFunctions(iface string, declared pack.Metadata) []string {
	var names []string
	for _, f := range declared.Imports {
		if f.Interface == iface {
			names = append(names, f.Name)
		}
	}
	return names
}

// Open opens a session of every granted handler for the actor, by handler type.
func (r *Registry) Open(actor Actor, tables []Table, ceiling Ceiling) (map[string]Session, error) {
	sessions := make(map[string]Session, len(tables))
	for _, t := range tables {
		s, err := r.byType[t.Type].Open(actor, Grant{Config: t.Config, Above: ceiling.above[Capability(t.Type)]})
		if err != nil {
			for _, opened := range sessions {
				opened.Close("init-failed")
			}
			return nil, fmt.Errorf("handler %q: %w", t.Type, err)
		}
		sessions[t.Type] = s
	}
	return sessions, nil
}
