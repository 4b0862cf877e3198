package pack

import (
	"cmp"
	"math"
	"reflect"
	"slices"
	"strconv"
)

// Marshal makes a value from a Go value:
//
//	bool, intN, uintN, floatN      bool, sN, uN, fN; int is s64, uint is u64
//	string                         string
//	slice, array                   list; []byte is list<u8>
//	pointer                        option, at the top level too; nil is none
//	struct                         record, named after the Go type in kebab-case
//	struct{}                       the empty tuple
//	map with bool, integer or string keys   list of tuples, sorted by key
//	Value                          itself
//	Marshaler                      what it says
//
// The fields of the record are the exported fields, an embedded struct being
// one like any other; the tag `pack:"name"` names a field, `pack:"-"` leaves it
// out, and without a tag it has its Go name in kebab-case. The error names the
// path to what has no pack type and wraps [ErrType], or [ErrTooDeep].
func Marshal(x any) (Value, error) {
	if x == nil {
		return Value{}, &goProblem{text: "nil has no pack type", cause: ErrType}
	}
	return marshal(reflect.ValueOf(x), 1)
}

// goProblem grows its path outward as it is returned.
type goProblem struct {
	path, text string
	cause      error
}

func (p *goProblem) Error() string {
	if p.path == "" {
		return p.text
	}
	return p.path + ": " + p.text
}

func (p *goProblem) Unwrap() error { return p.cause }

// inPath puts a step in front of the path of an error.
func inPath(err error, step string) error {
	p, ok := err.(*goProblem)
	if !ok {
		p = &goProblem{text: err.Error(), cause: err}
	}
	path := step
	if p.path != "" && p.path[0] != '[' {
		path += "."
	}
	return &goProblem{path + p.path, p.text, p.cause}
}

func inItem(err error, i int) error { return inPath(err, "["+strconv.Itoa(i)+"]") }

func marshal(x reflect.Value, depth int) (Value, error) {
	t := x.Type()
	if t == valueType {
		return x.Interface().(Value), nil
	}
	if depth > MaxDepth {
		return Value{}, &goProblem{text: ErrTooDeep.Error(), cause: ErrTooDeep}
	}
	g := goTypeOf(t)
	switch {
	case g.err != nil:
		return Value{}, g.err
	case g.marshals:
		if !x.CanAddr() {
			copied := reflect.New(t).Elem()
			copied.Set(x)
			x = copied
		}
		return x.Addr().Interface().(Marshaler).MarshalPack()
	case g.unmarshals:
		return Value{}, noType(t)
	case g.scalar != 0:
		return Value{kind: g.scalar, num: scalarBits(x, g.scalar)}, nil
	}
	switch t.Kind() {
	case reflect.String:
		return String(x.String()), nil
	case reflect.Pointer:
		if x.IsNil() {
			return Value{kind: KindOption, str: g.header.enc[1:]}, nil
		}
		inner, err := marshal(x.Elem(), depth+1)
		if t.Elem() == valueType {
			return Some(inner), err
		}
		return Value{kind: KindOption, flag: 1, str: g.header.enc[1:], items: []Value{inner}}, err
	case reflect.Slice, reflect.Array:
		return marshalList(x, g, depth)
	case reflect.Map:
		return marshalMap(x, g, depth)
	}
	if g.header == TypeUnit {
		return Unit, nil
	}
	items := make([]Value, len(g.fields))
	for i, f := range g.fields {
		item, err := marshal(x.Field(f.index), depth+1)
		if err != nil {
			return Value{}, inPath(err, f.name)
		}
		items[i] = item
	}
	return Value{kind: KindRecord, str: g.head, items: items}, nil
}

func scalarBits(x reflect.Value, k Kind) uint64 {
	switch k {
	case KindBool:
		if x.Bool() {
			return 1
		}
		return 0
	case KindF32:
		return uint64(math.Float32bits(float32(x.Float())))
	case KindF64:
		return math.Float64bits(x.Float())
	case KindS8, KindS16, KindS32, KindS64:
		return uint64(x.Int())
	}
	return x.Uint()
}

func marshalList(x reflect.Value, g *goType, depth int) (Value, error) {
	elem := goTypeOf(x.Type().Elem())
	if k := elem.scalar; k != 0 {
		if k == KindU8 && (x.Kind() == reflect.Slice || x.CanAddr()) {
			return Bytes(x.Bytes()), nil
		}
		b := make([]byte, 0, k.width()*x.Len())
		for i := range x.Len() {
			b = appendFixed(b, k.width(), scalarBits(x.Index(i), k))
		}
		return Value{kind: KindList, flag: uint8(k), str: string(b)}, nil
	}
	items := make([]Value, x.Len())
	for i := range items {
		item, err := marshal(x.Index(i), depth+1)
		if err != nil {
			return Value{}, inItem(err, i)
		}
		items[i] = item
	}
	if x.Type().Elem() == valueType {
		return List(commonType(items), items...), nil
	}
	return List(typeOf(g.header.enc[1:]), items...), nil
}

// commonType is the type of all items, the empty tuple when they differ.
func commonType(items []Value) Type {
	if len(items) == 0 {
		return TypeUnit
	}
	t := items[0].Type()
	for _, v := range items[1:] {
		if v.Type() != t {
			return TypeUnit
		}
	}
	return t
}

func marshalMap(x reflect.Value, g *goType, depth int) (Value, error) {
	keys := x.MapKeys()
	slices.SortFunc(keys, compareKeys)
	items := make([]Value, len(keys))
	for i, k := range keys {
		key, err := marshal(k, depth+1)
		if err != nil {
			return Value{}, err
		}
		elem, err := marshal(x.MapIndex(k), depth+1)
		if err != nil {
			return Value{}, inPath(err, "["+key.String()+"]")
		}
		items[i] = Tuple(key, elem)
	}
	return List(typeOf(g.header.enc[1:]), items...), nil
}

func compareKeys(a, b reflect.Value) int {
	switch {
	case a.Kind() == reflect.String:
		return cmp.Compare(a.String(), b.String())
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.Bool() == b.Bool():
		return 0
	case b.Bool():
		return -1
	}
	return 1
}
