package pack

import (
	"encoding/binary"
	"slices"
	"strconv"
)

// MaxMembers is the most fields of a record and cases of a variant in metadata
// and Pact sources.
const MaxMembers = 1024

// Metadata is what a package says about itself in `__pack_types`.
type Metadata struct {
	Imports, Exports           []FunctionSig
	ImportHashes, ExportHashes []InterfaceHash // sorted by name
}

// NewMetadata is the metadata of a package with those functions, hashes included.
func NewMetadata(imports, exports []FunctionSig) Metadata {
	return Metadata{imports, exports, interfaceHashes(imports), interfaceHashes(exports)}
}

func interfaceHashes(functions []FunctionSig) []InterfaceHash {
	byName := sortedBy(functions, func(f FunctionSig) string { return f.Interface })
	var hashes []InterfaceHash
	for len(byName) > 0 {
		name := byName[0].Interface
		n := slices.IndexFunc(byName, func(f FunctionSig) bool { return f.Interface != name })
		if n < 0 {
			n = len(byName)
		}
		hashes = append(hashes, InterfaceHash{name, hashOf(name, byName[:n])})
		byName = byName[n:]
	}
	return hashes
}

// findFunction is the signature of the function with that interface and
// name.
func findFunction(functions []FunctionSig, iface, name string) (FunctionSig, bool) {
	for _, f := range functions {
		if f.Interface == iface && f.Name == name {
			return f, true
		}
	}
	return FunctionSig{}, false
}

// Import is the signature of an imported function.
func (m Metadata) Import(iface, name string) (FunctionSig, bool) {
	return findFunction(m.Imports, iface, name)
}

// Export is the signature of an exported function.
func (m Metadata) Export(iface, name string) (FunctionSig, bool) {
	return findFunction(m.Exports, iface, name)
}

var (
	anyRecord  = RecordOf("")
	anyVariant = VariantOf("")
)

// Encode writes the metadata as guests carry it. An unresolved reference is
// written as `value`.
func (m Metadata) Encode() ([]byte, error) {
	return Encode(Record("package-metadata",
		Field{"imports", listOf(anyRecord, m.Imports, signatureValue)},
		Field{"exports", listOf(anyRecord, m.Exports, signatureValue)},
		Field{"import-hashes", listOf(anyRecord, m.ImportHashes, hashValue)},
		Field{"export-hashes", listOf(anyRecord, m.ExportHashes, hashValue)}))
}

func listOf[T any](elem Type, items []T, value func(T) Value) Value {
	values := make([]Value, len(items))
	for i, item := range items {
		values[i] = value(item)
	}
	return List(elem, values...)
}

func signatureValue(f FunctionSig) Value {
	return Record("function-sig",
		Field{"interface", String(f.Interface)},
		Field{"name", String(f.Name)},
		Field{"params", listOf(anyRecord, f.Params, func(p Param) Value {
			return Record("param-sig", Field{"name", String(p.Name)}, Field{"type", descValue(p.Type)})
		})},
		Field{"results", listOf(anyVariant, f.Results, descValue)})
}

func hashValue(h InterfaceHash) Value {
	words := make([]Value, 4)
	for i := range words {
		words[i] = U64(binary.LittleEndian.Uint64(h.Hash[8*i:]))
	}
	return Record("interface-hash", Field{"name", String(h.Name)}, Field{"hash", Tuple(words...)})
}

func descValue(t TypeDesc) Value {
	if t.Kind == KindRef {
		t = TypeDesc{}
	}
	var payload []Value
	switch t.Kind {
	case KindList, KindOption:
		payload = []Value{descValue(t.Items[0])}
	case KindResult:
		payload = []Value{Record("result-desc", Field{"ok", descValue(t.Items[0])}, Field{"err", descValue(t.Items[1])})}
	case KindTuple:
		payload = []Value{listOf(anyVariant, t.Items, descValue)}
	case KindRecord:
		payload = []Value{Record("record-desc", Field{"name", String(t.Name)},
			Field{"fields", listOf(anyRecord, t.Fields, func(f FieldDesc) Value {
				return Record("field-desc", Field{"name", String(f.Name)}, Field{"type", descValue(f.Type)})
			})})}
	case KindVariant:
		payload = []Value{Record("variant-desc", Field{"name", String(t.Name)},
			Field{"cases", listOf(anyRecord, t.Cases, func(c CaseDesc) Value {
				held := None(anyVariant)
				if c.Payload != nil {
					held = SomeOf(anyVariant, descValue(*c.Payload))
				}
				return Record("case-desc", Field{"name", String(c.Name)}, Field{"payload", held})
			})})}
	}
	return Variant("type-desc", t.Kind.String(), uint32(descTag(t.Kind)), payload...)
}

// DecodeMetadata reads the metadata at the start of b; what follows it is
// ignored. It looks at field names and tags only; fields that it does not know
// are ignored, and a list that is missing is empty.
func DecodeMetadata(b []byte) (Metadata, error) {
	v, _, err := DecodePrefix(b)
	if err != nil {
		return Metadata{}, err
	}
	if v.Kind() != KindRecord {
		return Metadata{}, invalid("metadata: expected record, got " + v.Kind().String())
	}
	var d descReader
	m := Metadata{
		Imports:      readList(&d, v, "imports", d.signature),
		Exports:      readList(&d, v, "exports", d.signature),
		ImportHashes: readList(&d, v, "import-hashes", d.hash),
		ExportHashes: readList(&d, v, "export-hashes", d.hash),
	}
	if d.err != nil {
		return Metadata{}, d.err
	}
	return m, nil
}

// descReader reads descriptors from values; it keeps the first error.
type descReader struct{ err error }

func (d *descReader) fail(what string, got Value) {
	if d.err == nil {
		d.err = invalid("metadata: expected " + what + ", got " + got.Kind().String())
	}
}

func (d *descReader) field(v Value, name string) Value {
	f, ok := v.Field(name)
	if !ok {
		d.fail("record with field '"+name+"'", v)
	}
	return f
}

func (d *descReader) text(v Value, field string) string {
	f := d.field(v, field)
	s, ok := f.AsString()
	if !ok {
		d.fail("string", f)
	}
	return s
}

func readList[T any](d *descReader, v Value, field string, read func(Value) T) []T {
	list, ok := v.Field(field)
	if !ok || d.err != nil {
		return nil
	}
	return readItems(d, list, read)
}

func readItems[T any](d *descReader, list Value, read func(Value) T) []T {
	if list.Kind() != KindList {
		d.fail("list", list)
	}
	if d.err != nil || list.Len() == 0 {
		return nil
	}
	items := make([]T, 0, min(list.Len(), 64))
	for i := 0; i < list.Len() && d.err == nil; i++ {
		items = append(items, read(list.At(i)))
	}
	return items
}

func (d *descReader) signature(v Value) FunctionSig {
	return FunctionSig{
		Interface: d.text(v, "interface"),
		Name:      d.text(v, "name"),
		Params: readItems(d, d.field(v, "params"), func(p Value) Param {
			return Param{d.text(p, "name"), d.desc(d.field(p, "type"))}
		}),
		Results: readItems(d, d.field(v, "results"), d.desc),
	}
}

// hash reads four words, or the bytes that other writers use.
func (d *descReader) hash(v Value) InterfaceHash {
	h := InterfaceHash{Name: d.text(v, "name")}
	sum := d.field(v, "hash")
	if b, ok := sum.AsBytes(); ok && len(b) == len(h.Hash) {
		copy(h.Hash[:], b)
		return h
	}
	if sum.Kind() != KindTuple || sum.Len() != 4 {
		d.fail("hash", sum)
		return h
	}
	for i := range 4 {
		n, ok := sum.At(i).AsU64()
		if !ok {
			d.fail("u64", sum.At(i))
		}
		binary.LittleEndian.PutUint64(h.Hash[8*i:], n)
	}
	return h
}

func (d *descReader) desc(v Value) TypeDesc {
	parts, ok := v.Variant()
	if !ok {
		d.fail("type-desc", v)
	}
	if d.err == nil && parts.Tag > descUnit {
		d.err = invalidTag(uint64(parts.Tag))
	}
	if d.err != nil {
		return TypeDesc{}
	}
	if parts.Tag == descUnit {
		return TypeDesc{Kind: KindTuple}
	}
	t := TypeDesc{Kind: descTags[parts.Tag]}
	if parts.Tag < descScalars || t.Kind == KindValue {
		return t
	}
	if len(parts.Payload) != 1 {
		d.err = invalid("metadata: expected one payload for " + t.Kind.String() + ", got " + strconv.Itoa(len(parts.Payload)))
		return TypeDesc{}
	}
	p := parts.Payload[0]
	switch t.Kind {
	case KindList, KindOption:
		t.Items = []TypeDesc{d.desc(p)}
	case KindResult:
		t.Items = []TypeDesc{d.desc(d.field(p, "ok")), d.desc(d.field(p, "err"))}
	case KindTuple:
		t.Items = readItems(d, p, d.desc)
	case KindRecord:
		t.Name = d.text(p, "name")
		t.Fields = readItems(d, d.members(p, "fields"), func(f Value) FieldDesc {
			return FieldDesc{d.text(f, "name"), d.desc(d.field(f, "type"))}
		})
	case KindVariant:
		t.Name = d.text(p, "name")
		t.Cases = readItems(d, d.members(p, "cases"), d.caseDesc)
	}
	return t
}

// members are the fields of a record or cases of a variant. Values are searched
// for them one by one, so their number is bounded.
func (d *descReader) members(v Value, field string) Value {
	list := d.field(v, field)
	if d.err == nil && list.Len() > MaxMembers {
		d.err = tooLarge("metadata: more than " + strconv.Itoa(MaxMembers) + " " + field)
	}
	return list
}

func (d *descReader) caseDesc(v Value) CaseDesc {
	c := CaseDesc{Name: d.text(v, "name")}
	held := d.field(v, "payload")
	inner, present, ok := held.Option()
	if !ok {
		d.fail("option", held)
	}
	if present {
		t := d.desc(inner)
		c.Payload = &t
	}
	return c
}
