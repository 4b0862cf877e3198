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
	Session   int // of the actor's sessions, the one that serves it
}

// Linked is a module bound to the handlers that a manifest grants it: all that
// the actors of both share. It is immutable.
type Linked struct {
	Functions []Function // the module's theater imports, in their order
	granted   []granted
}

// granted is a handler that is to open a session for each actor.
type granted struct {
	handler Handler
	grant   Grant
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
func (r *Registry) Link(imports []Import, declared pack.Metadata, tables []Table, ceiling Ceiling) (*Linked, error) {
	l := &Linked{Functions: make([]Function, len(imports))}
	for _, t := range tables {
		if !ceiling.allows(Capability(t.Type)) {
			return nil, &LinkError{Reason: fmt.Sprintf("handler %q is disallowed by [permission_policy] of the actor or of a parent", t.Type), Hint: "remove the [[handler]] table, or allow the capability there"}
		}
		l.granted = append(l.granted, granted{r.byType[t.Type], Grant{Config: t.Config, Above: ceiling.above[Capability(t.Type)]}})
	}
	for i, imp := range imports {
		f, refused := r.resolve(imp, tables)
		if refused != nil {
			return nil, refused
		}
		l.Functions[i] = f
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
	return l, nil
}

func (r *Registry) resolve(imp Import, tables []Table) (Function, *LinkError) {
	s, ok := r.byInterface[imp.Interface]
	if !ok {
		return Function{}, &LinkError{
			Reason: fmt.Sprintf("the actor imports %s.%s, and no handler provides that interface", imp.Interface, imp.Function),
			Hint:   "handlers are " + strings.Join(r.types, ", "),
		}
	}
	session := slices.IndexFunc(tables, func(t Table) bool { return t.Type == s.handler.Type() })
	if session < 0 {
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
	return Function{Interface: imp.Interface, Signature: signature, Kind: kind, Session: session}, nil
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

// Open opens a session of every granted handler for an actor, in the order of
// the manifest's tables.
func (l *Linked) Open(actor Actor) ([]Session, error) {
	sessions := make([]Session, 0, len(l.granted))
	for _, g := range l.granted {
		s, err := g.handler.Open(actor, g.grant)
		if err != nil {
			for _, opened := range sessions {
				opened.Close("init-failed")
			}
			return nil, fmt.Errorf("handler %q: %w", g.handler.Type(), err)
		}
		sessions = append(sessions, s)
	}
	return sessions, nil
}
