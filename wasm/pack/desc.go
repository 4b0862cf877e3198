package pack

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// TypeDesc is the structure of a type, as metadata and Pact declare it: unlike
// a [Type] it knows the fields of a record and the cases of a variant. The zero
// TypeDesc is `value`, which anything satisfies.
type TypeDesc struct {
	Kind Kind
	// Name is the name of a record, variant or reference. It is not hashed,
	// except that of a reference.
	Name string
	// Items are the element of a list, the inner type of an option, ok and err of
	// a result, the items of a tuple.
	Items  []TypeDesc
	Fields []FieldDesc // of a record
	Cases  []CaseDesc  // of a variant
}

// FieldDesc is one field of a record type.
type FieldDesc struct {
	Name string
	Type TypeDesc
}

// CaseDesc is one case of a variant type; Payload is nil when it has none.
type CaseDesc struct {
	Name    string
	Payload *TypeDesc
}

// Hash is a SHA-256 sum that names a type, function or interface by structure.
type Hash [32]byte

// String is the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// What the hashes of compound types begin with.
const (
	hashList      = 0x10
	hashOption    = 0x11
	hashResult    = 0x12
	hashTuple     = 0x13
	hashRecord    = 0x14
	hashVariant   = 0x15
	hashFunction  = 0x16
	hashInterface = 0x17
)

// descTags are the tags of the type-desc variant; those of scalars are one less
// than the byte that makes their hash.
var descTags = [...]Kind{
	KindBool, KindU8, KindU16, KindU32, KindU64, KindS8, KindS16, KindS32, KindS64,
	KindF32, KindF64, KindChar, KindString, KindFlags,
	KindList, KindOption, KindResult, KindRecord, KindVariant, KindTuple, KindValue,
}

const (
	descUnit    = 21 // the empty tuple in another form, read but never written
	descScalars = 14 // the tags below are types without parts
)

func descTag(k Kind) int { return slices.Index(descTags[:], k) }

// Hash is the structural hash of the type.
func (t TypeDesc) Hash() Hash {
	var b []byte
	switch t.Kind {
	case KindList:
		b = append(b, hashList)
	case KindOption:
		b = append(b, hashOption)
	case KindResult:
		b = append(b, hashResult)
	case KindTuple:
		b = appendU32([]byte{hashTuple}, uint32(len(t.Items)))
	case KindRecord:
		b = appendU32([]byte{hashRecord}, uint32(len(t.Fields)))
		for _, f := range sortedBy(t.Fields, func(f FieldDesc) string { return f.Name }) {
			b = appendHash(appendStr(b, f.Name), f.Type.Hash())
		}
	case KindVariant:
		b = appendU32([]byte{hashVariant}, uint32(len(t.Cases)))
		for _, c := range sortedBy(t.Cases, func(c CaseDesc) string { return c.Name }) {
			b = appendStr(b, c.Name)
			if c.Payload == nil {
				b = append(b, 0)
			} else {
				b = appendHash(append(b, 1), c.Payload.Hash())
			}
		}
	case KindRef:
		b = append(b, "ref:"+t.Name...)
	case KindValue:
		return Hash{0xFF, 0xFF}
	default:
		return Hash{0, byte(descTag(t.Kind) + 1)}
	}
	for _, item := range t.Items {
		b = appendHash(b, item.Hash())
	}
	return sha256.Sum256(b)
}

func appendHash(b []byte, h Hash) []byte { return append(b, h[:]...) }

func sortedBy[T any](items []T, name func(T) string) []T {
	sorted := slices.Clone(items)
	slices.SortStableFunc(sorted, func(a, b T) int { return cmp.Compare(name(a), name(b)) })
	return sorted
}

// String is the type as Pact writes it, records and variants by name.
func (t TypeDesc) String() string { return string(t.appendText(nil)) }

func (t TypeDesc) appendText(b []byte) []byte {
	switch t.Kind {
	case KindRecord, KindVariant, KindRef:
		return append(b, t.Name...)
	case KindList, KindOption, KindResult, KindTuple:
	default:
		return append(b, t.Kind.String()...)
	}
	b = append(append(b, t.Kind.String()...), '<')
	for i, item := range t.Items {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = item.appendText(b)
	}
	return append(b, '>')
}

// FunctionSig is the signature of one function.
type FunctionSig struct {
	Interface string // full name; empty for a function outside an interface
	Name      string
	Params    []Param
	Results   []TypeDesc // none or one
}

// Param is one parameter; its name is not hashed.
type Param struct {
	Name string
	Type TypeDesc
}

// Hash is the structural hash of the signature: its types, not its names.
func (f FunctionSig) Hash() Hash {
	b := appendU32([]byte{hashFunction}, uint32(len(f.Params)))
	for _, p := range f.Params {
		b = appendHash(b, p.Type.Hash())
	}
	b = appendU32(b, uint32(len(f.Results)))
	for _, r := range f.Results {
		b = appendHash(b, r.Hash())
	}
	return sha256.Sum256(b)
}

// String is the signature as Pact writes it.
func (f FunctionSig) String() string {
	b := append([]byte(f.Name), ": func("...)
	for i, p := range f.Params {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(append(b, p.Name...), ": "...)
		b = p.Type.appendText(b)
	}
	b = append(b, ')')
	for _, r := range f.Results {
		b = r.appendText(append(b, " -> "...))
	}
	return string(b)
}

// InterfaceHash is the hash of the functions of one interface that a package
// imports or exports.
type InterfaceHash struct {
	Name string
	Hash Hash
}

// hashOf is the hash of an interface of that name with those functions.
func hashOf(name string, functions []FunctionSig) Hash {
	b := appendStr([]byte{hashInterface}, name)
	b = appendU32(b, 0)
	b = appendU32(b, uint32(len(functions)))
	for _, f := range sortedBy(functions, func(f FunctionSig) string { return f.Name }) {
		b = appendHash(appendStr(b, f.Name), f.Hash())
	}
	return sha256.Sum256(b)
}
