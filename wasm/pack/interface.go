package pack

// Interface is one interface as a Pact source declares it.
type Interface struct {
	// Name is the full name: the value of @package, a slash, the interface's own
	// name; without @package the own name alone.
	Name string
	// Version is the value of @version.
	Version string
	// Functions are what it exports, in order, each with Interface set to Name.
	Functions []FunctionSig
	// Types are the types that it declares, in order, with every name resolved
	// that the source declares.
	Types []NamedType
	// Imports and Uses name other interfaces, as written.
	Imports, Uses []string
	// Meta are the items that begin with @, in order.
	Meta []Meta
	// Interfaces are the interfaces declared inside.
	Interfaces []*Interface
	// Transform is how an interface without a body is derived, such as rpc(calculator).
	Transform string
}

// NamedType is a declared type.
type NamedType struct {
	Name string
	Type TypeDesc
}

// Meta is one item such as @package: string = "theater:simple".
type Meta struct {
	Name  string
	Type  TypeDesc
	Value Value // string, bool, s64, f64 or an anonymous record of such
}

// Hash is the hash of the interface with all its functions.
func (i *Interface) Hash() Hash { return hashOf(i.Name, i.Functions) }

// SubsetHash is the hash of the interface with the named functions only, as a
// package that imports these computes it. When some do not exist it returns
// them and no hash.
func (i *Interface) SubsetHash(names ...string) (hash Hash, missing []string) {
	subset := make([]FunctionSig, 0, len(names))
	for _, name := range names {
		if f, ok := i.Function(name); ok {
			subset = append(subset, f)
		} else {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return Hash{}, missing
	}
	return hashOf(i.Name, subset), nil
}

// Function is the signature of the function of that name.
func (i *Interface) Function(name string) (FunctionSig, bool) {
	return findFunction(i.Functions, i.Name, name)
}
