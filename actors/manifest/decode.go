package manifest

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// decoder fills Go values from a document's values and collects what is wrong.
type decoder struct {
	file     string
	lines    lines
	problems Errors
}

// report adds a problem and returns it, so that a cause can be attached.
func (d *decoder) report(at *place, key, reason, hint string) *Error {
	pos := d.lines.at(at)
	p := &Error{File: d.file, Line: pos.line, Column: pos.column, Key: key, Reason: reason, Hint: hint}
	d.problems = append(d.problems, p)
	return p
}

// troubled reports whether one of the problems from the n-th on is with the key
// or with a key below it.
func (d *decoder) troubled(n int, key string) bool {
	return slices.ContainsFunc(d.problems[n:], func(p *Error) bool {
		rest, ok := strings.CutPrefix(p.Key, key)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// mismatch reports a value of another type than wanted.
func (d *decoder) mismatch(at *place, key, want string, value any) {
	d.report(at, key, fmt.Sprintf("must be %s, not %s", want, typeName(value)), "")
}

// decode stores a value in target, which must be settable. It reports every
// problem and returns whether there was none.
func (d *decoder) decode(at *place, key string, value any, target reflect.Value) bool {
	before := len(d.problems)
	switch field := target.Addr().Interface().(type) {
	case *time.Duration:
		d.duration(at, key, value, field)
	case *size:
		d.size(at, key, value, field)
	case encoding.TextUnmarshaler:
		d.text(at, key, value, field)
	default:
		d.kind(at, key, value, target)
	}
	return len(d.problems) == before
}

func (d *decoder) duration(at *place, key string, value any, field *time.Duration) {
	const want = `a duration like "500ms" or "5s"`
	text, ok := value.(string)
	if !ok {
		d.mismatch(at, key, want, value)
		return
	}
	v, err := time.ParseDuration(text)
	if err != nil {
		d.report(at, key, "must be "+want, "")
		return
	}
	*field = v
}

func (d *decoder) size(at *place, key string, value any, field *size) {
	const want = `a size like "64MiB" or a number of bytes`
	switch v := value.(type) {
	case int64:
		*field = size(v)
	case string:
		parsed, ok := parseSize(v)
		if !ok {
			d.report(at, key, "must be "+want, "the units are B, KiB, MiB and GiB")
			return
		}
		*field = parsed
	default:
		d.mismatch(at, key, want, value)
	}
}

func (d *decoder) text(at *place, key string, value any, field encoding.TextUnmarshaler) {
	text, ok := value.(string)
	if !ok {
		d.mismatch(at, key, "a string", value)
		return
	}
	if err := field.UnmarshalText([]byte(text)); err != nil {
		d.report(at, key, err.Error(), "").Err = err
	}
}

// kind decodes by the kind of the Go type.
func (d *decoder) kind(at *place, key string, value any, target reflect.Value) {
	switch target.Kind() {
	case reflect.String:
		if v, ok := value.(string); ok {
			target.SetString(v)
			return
		}
		d.mismatch(at, key, "a string", value)
	case reflect.Bool:
		if v, ok := value.(bool); ok {
			target.SetBool(v)
			return
		}
		d.mismatch(at, key, "true or false", value)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		d.number(at, key, value, target)
	case reflect.Pointer:
		fresh := reflect.New(target.Type().Elem())
		d.decode(at, key, value, fresh.Elem())
		target.Set(fresh)
	case reflect.Slice:
		d.slice(at, key, value, target)
	case reflect.Map:
		d.mapping(at, key, value, target)
	case reflect.Struct:
		if table := d.table(at, key, value); table != nil {
			d.fields(at, key, table, target)
		}
	default:
		panic("manifest: a config field of type " + target.Type().String())
	}
}

func (d *decoder) number(at *place, key string, value any, target reflect.Value) {
	v, isInt := value.(int64)
	f, isFloat := value.(float64)
	switch {
	case target.CanFloat() && isFloat:
		target.SetFloat(f)
	case target.CanFloat() && isInt:
		target.SetFloat(float64(v))
	case target.CanFloat():
		d.mismatch(at, key, "a number", value)
	case !isInt:
		d.mismatch(at, key, "an integer", value)
	case target.CanInt() && !target.OverflowInt(v):
		target.SetInt(v)
	case target.CanUint() && v >= 0 && !target.OverflowUint(uint64(v)):
		target.SetUint(uint64(v))
	case target.CanUint() && v < 0:
		d.report(at, key, "must not be negative", "")
	default:
		d.report(at, key, fmt.Sprintf("%d is out of range", v), "")
	}
}

func (d *decoder) slice(at *place, key string, value any, target reflect.Value) {
	items, ok := value.([]any)
	if !ok {
		d.mismatch(at, key, "an array", value)
		return
	}
	fresh := reflect.MakeSlice(target.Type(), len(items), len(items))
	for i, item := range items {
		d.decode(at.item(i), element(key, i), item, fresh.Index(i))
	}
	target.Set(fresh)
}

func (d *decoder) mapping(at *place, key string, value any, target reflect.Value) {
	table := d.table(at, key, value)
	if table == nil {
		return
	}
	fresh := reflect.MakeMapWithSize(target.Type(), len(table))
	for name, item := range table {
		slot := reflect.New(target.Type().Elem()).Elem()
		d.decode(at.key(name), child(key, name), item, slot)
		fresh.SetMapIndex(reflect.ValueOf(name).Convert(target.Type().Key()), slot)
	}
	target.Set(fresh)
}

// fields decodes a table into a struct whose fields name their keys in toml
// tags. Names are compared exactly.
func (d *decoder) fields(at *place, key string, table map[string]any, target reflect.Value) {
	known := map[string]int{}
	for i := range target.NumField() {
		if name := target.Type().Field(i).Tag.Get("toml"); name != "" && name != "-" {
			known[name] = i
		}
	}
	for name, item := range table {
		i, ok := known[name]
		if !ok {
			d.report(at.key(name), child(key, name), "unknown key", suggest(name, slices.Sorted(maps.Keys(known))))
			continue
		}
		d.decode(at.key(name), child(key, name), item, target.Field(i))
	}
}

// config decodes a table into a registry's struct, which may be nil for a
// capability without keys, and asks it whether the whole is valid.
func (d *decoder) config(at *place, key string, table map[string]any, config any) {
	target := reflect.ValueOf(&struct{}{})
	if config != nil {
		target = reflect.ValueOf(config)
	}
	before := len(d.problems)
	d.fields(at, key, table, target.Elem())
	if v, ok := config.(interface{ Validate() error }); ok && len(d.problems) == before {
		if err := v.Validate(); err != nil {
			d.report(at, key, err.Error(), "").Err = err
		}
	}
}

// table returns a value that must be a table, or reports it and returns nil.
func (d *decoder) table(at *place, key string, value any) map[string]any {
	table, ok := value.(map[string]any)
	if !ok {
		d.mismatch(at, key, "a table", value)
		return nil
	}
	return table
}

// typeName names the type of a TOML value.
func typeName(value any) string {
	switch value.(type) {
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case int64:
		return "an integer"
	case float64:
		return "a float"
	case []any:
		return "an array"
	case map[string]any:
		return "a table"
	default:
		return "a date or time"
	}
}

// child and element extend a dotted key; names that TOML would quote are quoted.
func child(key, name string) string {
	for _, r := range name {
		if r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			name = strconv.QuoteToGraphic(name)
			break
		}
	}
	return join(key, name)
}

// join extends a dotted key by others that need no quotes.
func join(key, rest string) string {
	if key == "" || rest == "" {
		return key + rest
	}
	return key + "." + rest
}

func element(key string, i int) string { return key + "[" + strconv.Itoa(i) + "]" }
