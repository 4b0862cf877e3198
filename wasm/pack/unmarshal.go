package pack

import (
	"errors"
	"math"
	"reflect"
)

// Unmarshal sets the Go value that target points to from v, by the rules of
// [Marshal]. Kinds must match exactly; type headers and record names are not
// compared. Every field of a struct must be there, fields that it does not have
// are ignored; an array takes a list of its length. After an error the target
// may be set in part. The error names the path and wraps [ErrType], or is that
// of an [Unmarshaler].
func Unmarshal(v Value, target any) error {
	x := reflect.ValueOf(target)
	if x.Kind() != reflect.Pointer || x.IsNil() {
		return errors.New("unmarshal into something that is not a pointer")
	}
	return unmarshal(v, x.Elem())
}

func mismatch(want string, v Value) error {
	return &goProblem{text: "expected " + want + ", got " + v.Kind().String(), cause: ErrType}
}

func unmarshal(v Value, x reflect.Value) error {
	t := x.Type()
	if t == valueType {
		x.Set(reflect.ValueOf(v))
		return nil
	}
	g := goTypeOf(t)
	switch {
	case g.err != nil:
		return g.err
	case g.unmarshals:
		return x.Addr().Interface().(Unmarshaler).UnmarshalPack(v)
	case g.marshals:
		return noType(t)
	case g.scalar != 0:
		if v.Kind() != g.scalar {
			return mismatch(g.scalar.String(), v)
		}
		setScalar(x, v)
		return nil
	}
	switch t.Kind() {
	case reflect.String:
		if v.Kind() != KindString {
			return mismatch("string", v)
		}
		x.SetString(v.str)
		return nil
	case reflect.Pointer:
		return unmarshalOption(v, x)
	case reflect.Slice, reflect.Array:
		return unmarshalList(v, x)
	case reflect.Map:
		return unmarshalMap(v, x)
	}
	if g.header == TypeUnit {
		if v.Kind() != KindTuple || v.Len() != 0 {
			return mismatch("empty tuple", v)
		}
		return nil
	}
	return unmarshalRecord(v, x, g)
}

func setScalar(x reflect.Value, v Value) {
	switch v.kind {
	case KindBool:
		x.SetBool(v.num != 0)
	case KindF32:
		x.SetFloat(float64(math.Float32frombits(uint32(v.num))))
	case KindF64:
		x.SetFloat(math.Float64frombits(v.num))
	case KindS8, KindS16, KindS32, KindS64:
		x.SetInt(int64(v.num))
	default:
		x.SetUint(v.num)
	}
}

func unmarshalOption(v Value, x reflect.Value) error {
	inner, present, ok := v.Option()
	if !ok {
		return mismatch("option", v)
	}
	if !present {
		x.SetZero()
		return nil
	}
	held := reflect.New(x.Type().Elem())
	x.Set(held)
	return unmarshal(inner, held.Elem())
}

func unmarshalList(v Value, x reflect.Value) error {
	if v.Kind() != KindList {
		return mismatch("list", v)
	}
	n := v.Len()
	switch {
	case x.Kind() == reflect.Slice:
		x.Set(reflect.MakeSlice(x.Type(), n, n))
	case n != x.Len():
		return &goProblem{text: "expected " + x.Type().String() + ", got a list of another length", cause: ErrType}
	}
	if k := goTypeOf(x.Type().Elem()).scalar; k == KindU8 && Kind(v.flag) == KindU8 {
		copy(x.Bytes(), v.str)
		return nil
	}
	for i := range n {
		if err := unmarshal(v.At(i), x.Index(i)); err != nil {
			return inItem(err, i)
		}
	}
	return nil
}

func unmarshalMap(v Value, x reflect.Value) error {
	if v.Kind() != KindList {
		return mismatch("list", v)
	}
	t := x.Type()
	x.Set(reflect.MakeMapWithSize(t, v.Len()))
	for i := range v.Len() {
		pair := v.At(i)
		if pair.Kind() != KindTuple || pair.Len() != 2 {
			return inItem(mismatch("tuple of 2", pair), i)
		}
		key, elem := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		if err := unmarshal(pair.At(0), key); err != nil {
			return inItem(err, i)
		}
		if err := unmarshal(pair.At(1), elem); err != nil {
			return inItem(err, i)
		}
		x.SetMapIndex(key, elem)
	}
	return nil
}

func unmarshalRecord(v Value, x reflect.Value, g *goType) error {
	if v.Kind() != KindRecord {
		return mismatch("record", v)
	}
	if v.str == g.head { // the fields in their order
		for i, f := range g.fields {
			if err := unmarshal(v.items[i], x.Field(f.index)); err != nil {
				return inPath(err, f.name)
			}
		}
		return nil
	}
	for _, f := range g.fields {
		field, ok := v.Field(f.name)
		if !ok {
			return inPath(&goProblem{text: "the record does not have it", cause: ErrType}, f.name)
		}
		if err := unmarshal(field, x.Field(f.index)); err != nil {
			return inPath(err, f.name)
		}
	}
	return nil
}
