package pack

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Marshaler is a Go type that makes its own value: the way to variants, results
// and chars. One that also is a [Describer] has a declared type.
type Marshaler interface {
	MarshalPack() (Value, error)
}

// Unmarshaler is the counterpart of [Marshaler].
type Unmarshaler interface {
	UnmarshalPack(Value) error
}

// Describer says what a [Marshaler] makes. It is asked of a zero value.
type Describer interface {
	DescribePack() TypeDesc
}

// Describe is the declared type of the values that [Marshal] makes from a Go
// type. A type inside its own definition is `value`, as is a [Value] and a
// [Marshaler] that is no [Describer].
func Describe(t reflect.Type) (TypeDesc, error) {
	desc, err := describe(t, nil)
	if err != nil {
		return TypeDesc{}, err
	}
	return desc, nil
}

var (
	valueType       = reflect.TypeFor[Value]()
	marshalerType   = reflect.TypeFor[Marshaler]()
	unmarshalerType = reflect.TypeFor[Unmarshaler]()
)

// goScalars are the fixed-width kinds of Go kinds.
var goScalars = map[reflect.Kind]Kind{
	reflect.Bool: KindBool, reflect.Int: KindS64, reflect.Uint: KindU64,
	reflect.Int8: KindS8, reflect.Int16: KindS16, reflect.Int32: KindS32, reflect.Int64: KindS64,
	reflect.Uint8: KindU8, reflect.Uint16: KindU16, reflect.Uint32: KindU32, reflect.Uint64: KindU64,
	reflect.Float32: KindF32, reflect.Float64: KindF64,
}

// goType is what is known of a Go type.
type goType struct {
	header Type
	scalar Kind // of a fixed-width type, else 0
	// marshals and unmarshals say that the type does so itself.
	marshals, unmarshals bool
	head                 string // of a struct: the header of its record
	fields               []goField
	err                  error
}

type goField struct {
	index int
	name  string
}

// goTypes remembers a *goType by its reflect.Type. What it holds follows from
// the program's types alone.
var goTypes sync.Map

func goTypeOf(t reflect.Type) *goType {
	if known, ok := goTypes.Load(t); ok {
		return known.(*goType)
	}
	p := reflect.PointerTo(t)
	g := &goType{
		marshals:   p.Implements(marshalerType),
		unmarshals: p.Implements(unmarshalerType),
	}
	if !g.marshals && !g.unmarshals {
		g.scalar = goScalars[t.Kind()]
	}
	if g.header, g.err = headerOf(t, 1); g.err == nil && t.Kind() == reflect.Struct {
		g.fields, g.err = structFields(t)
		head := appendStr(nil, structName(t))
		head = appendU32(head, uint32(len(g.fields)))
		for _, f := range g.fields {
			head = appendStr(head, f.name)
		}
		g.head = string(head)
	}
	known, _ := goTypes.LoadOrStore(t, g)
	return known.(*goType)
}

// custom reports whether t makes or reads its own values.
func custom(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(marshalerType) || p.Implements(unmarshalerType)
}

func customDesc(t reflect.Type) TypeDesc {
	if d, ok := reflect.New(t).Interface().(Describer); ok {
		return d.DescribePack()
	}
	return TypeDesc{}
}

func noType(t reflect.Type) error {
	return &goProblem{text: t.String() + " has no pack type", cause: ErrType}
}

// headerOf is the type header of what t marshals to.
func headerOf(t reflect.Type, depth int) (Type, error) {
	if depth > MaxDepth {
		return Type{}, noType(t)
	}
	if t == valueType {
		return TypeUnit, nil
	}
	if custom(t) {
		return customDesc(t).header(), nil
	}
	if k, ok := goScalars[t.Kind()]; ok {
		return Type{string([]byte{byte(k)})}, nil
	}
	switch t.Kind() {
	case reflect.String:
		return TypeString, nil
	case reflect.Struct:
		if t == reflect.TypeFor[struct{}]() {
			return TypeUnit, nil
		}
		return RecordOf(structName(t)), nil
	case reflect.Pointer:
		inner, err := headerOf(t.Elem(), depth+1)
		return OptionOf(inner), err
	case reflect.Slice, reflect.Array:
		elem, err := headerOf(t.Elem(), depth+1)
		return ListOf(elem), err
	case reflect.Map:
		key, err := headerOf(t.Key(), depth+1)
		if err != nil || !sortable(t.Key()) {
			return Type{}, noType(t)
		}
		elem, err := headerOf(t.Elem(), depth+1)
		return ListOf(TupleOf(key, elem)), err
	}
	return Type{}, noType(t)
}

// sortable reports whether a map with such keys has one order.
func sortable(key reflect.Type) bool {
	if custom(key) {
		return false
	}
	k, scalar := goScalars[key.Kind()]
	return key.Kind() == reflect.String || scalar && k != KindF32 && k != KindF64
}

// header is the type header of values of the described type.
func (t TypeDesc) header() Type { return typeOf(string(t.appendType(nil))) }

func (t *TypeDesc) appendType(b []byte) []byte {
	switch t.Kind {
	case KindValue, KindRef:
		return append(b, unitEnc...)
	case KindRecord, KindVariant:
		return appendStr(append(b, byte(t.Kind)), validUTF8(t.Name))
	case KindTuple:
		b = appendU32(append(b, byte(t.Kind)), uint32(len(t.Items)))
	default:
		b = append(b, byte(t.Kind))
	}
	for i := range t.Items {
		b = t.Items[i].appendType(b)
	}
	return b
}

func describe(t reflect.Type, open []reflect.Type) (TypeDesc, error) {
	g := goTypeOf(t)
	switch {
	case g.err != nil:
		return TypeDesc{}, g.err
	case t == valueType || slices.Contains(open, t):
		return TypeDesc{}, nil
	case g.marshals || g.unmarshals:
		return customDesc(t), nil
	case g.scalar != 0 || t.Kind() == reflect.String:
		return TypeDesc{Kind: g.header.Kind()}, nil
	case g.header == TypeUnit:
		return TypeDesc{Kind: KindTuple}, nil
	}
	open = append(slices.Clip(open), t)
	if t.Kind() == reflect.Struct {
		desc := TypeDesc{Kind: KindRecord, Name: structName(t)}
		for _, f := range g.fields {
			field, err := describe(t.Field(f.index).Type, open)
			if err != nil {
				return TypeDesc{}, inPath(err, f.name)
			}
			desc.Fields = append(desc.Fields, FieldDesc{f.name, field})
		}
		return desc, nil
	}
	elem, err := describe(t.Elem(), open)
	if err != nil {
		return TypeDesc{}, err
	}
	switch t.Kind() {
	case reflect.Pointer:
		return TypeDesc{Kind: KindOption, Items: []TypeDesc{elem}}, nil
	case reflect.Map:
		key, err := describe(t.Key(), open)
		elem = TypeDesc{Kind: KindTuple, Items: []TypeDesc{key, elem}}
		return TypeDesc{Kind: KindList, Items: []TypeDesc{elem}}, err
	}
	return TypeDesc{Kind: KindList, Items: []TypeDesc{elem}}, nil
}

func structName(t reflect.Type) string {
	name, _, _ := strings.Cut(t.Name(), "[")
	return kebab(name)
}

func structFields(t reflect.Type) ([]goField, error) {
	var fields []goField
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("pack")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = kebab(f.Name)
		}
		name = validUTF8(name)
		if slices.ContainsFunc(fields, func(g goField) bool { return g.name == name }) {
			return nil, &goProblem{text: t.String() + " has two fields named " + name, cause: ErrType}
		}
		fields = append(fields, goField{i, name})
	}
	return fields, nil
}

// kebab turns a Go name into the form of Pact names: UserID is user-id.
func kebab(name string) string {
	runes := []rune(name)
	var b strings.Builder
	for i, r := range runes {
		if r == '_' {
			b.WriteByte('-')
			continue
		}
		if unicode.IsUpper(r) && i > 0 && runes[i-1] != '_' {
			next := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if !unicode.IsUpper(runes[i-1]) || next {
				b.WriteByte('-')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
