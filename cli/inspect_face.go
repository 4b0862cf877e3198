package cli

import (
	"slices"
	"strings"

	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// face is an interface of which a module imports or exports functions, or
// declares to.
type face struct {
	name       string
	functions  []string // that the module itself has, in its order
	signatures []pack.FunctionSig
	hash       *pack.Hash // as declared

	// Of an imported interface, once the metadata is known.
	handler string     // type of the handler that serves it
	theirs  *pack.Hash // the handler's hash
}

// agrees reports whether the handler has what the module declares.
func (f *face) agrees() bool { return f.hash != nil && f.theirs != nil && *f.hash == *f.theirs }

// split takes the name of an exported function apart.
func split(export string) (iface, function string) {
	at := strings.LastIndexByte(export, '.')
	if at < 0 {
		return "", export
	}
	return export[:at], export[at+1:]
}

// join is the name under which a function is exported.
func join(iface, function string) string {
	if iface == "" {
		return function
	}
	return iface + "." + function
}

// faces collects interfaces by name.
type faces struct {
	list []face
	at   map[string]int
}

func (f *faces) of(name string) *face {
	at, ok := f.at[name]
	if !ok {
		if f.at == nil {
			f.at = map[string]int{}
		}
		at = len(f.list)
		f.at[name] = at
		f.list = append(f.list, face{name: name})
	}
	return &f.list[at]
}

// declare adds what metadata says.
func (f *faces) declare(signatures []pack.FunctionSig, hashes []pack.InterfaceHash) {
	for _, s := range signatures {
		one := f.of(s.Interface)
		one.signatures = append(one.signatures, s)
	}
	for _, h := range hashes {
		f.of(h.Name).hash = &h.Hash
	}
}

// group sorts imports and exports by interface, with what is declared of them.
func (i *inspection) group() {
	var imports, exports faces
	i.wasi, i.others = nil, nil
	for _, e := range i.Imports {
		name := e.Name
		if e.Kind != "function" {
			name += " (" + e.Kind + ")"
		}
		if (wasm.Import{Module: e.Module}).WASI() {
			i.wasi = append(i.wasi, name)
			continue
		}
		one := imports.of(e.Module)
		one.functions = append(one.functions, name)
	}
	var declared pack.Metadata
	if i.module != nil {
		declared = i.module.Metadata
	}
	imports.declare(declared.Imports, declared.ImportHashes)
	exports.declare(declared.Exports, declared.ExportHashes)
	for _, e := range i.Exports {
		iface, function := split(e.Name)
		if _, known := exports.at[iface]; e.Kind != "function" || iface == "" && !known {
			i.others = append(i.others, e.Name)
			continue
		}
		one := exports.of(iface)
		one.functions = append(one.functions, function)
	}
	i.imports, i.exports = imports.list, exports.list
}

// link asks for every imported interface what this build has for it, and
// returns the types of the handlers that the manifest has to grant, sorted.
func (i *inspection) link(n *node.Node) (handlers []string) {
	for at := range i.imports {
		f := &i.imports[at]
		offer := n.Handlers.Offer(f.name, f.functions, f.hash, i.module.Metadata)
		if f.handler = offer.Handler; offer.Hashed {
			f.theirs = &offer.Hash
		}
		for _, refused := range offer.Refusals {
			i.add(refusal{Reason: refused.Reason, Hint: refused.Hint})
		}
		if f.handler != "" && len(f.functions) > 0 && !slices.Contains(handlers, f.handler) {
			handlers = append(handlers, f.handler)
		}
	}
	slices.Sort(handlers)
	return handlers
}

// sort divides the functions of an exported interface into those that messages
// may call, those that are exported and not declared, and those that are
// declared and not exported.
func (i *inspection) sort(f *face) (callable, undeclared, missing []string) {
	there := map[string]bool{}
	for _, name := range f.functions {
		there[name] = true
		if i.module != nil {
			if _, ok := i.module.Callable(join(f.name, name)); !ok {
				undeclared = append(undeclared, name)
				continue
			}
		}
		callable = append(callable, name)
	}
	for _, s := range f.signatures {
		if !there[s.Name] {
			missing = append(missing, s.Name)
		}
	}
	return callable, undeclared, missing
}
