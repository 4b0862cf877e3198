package wasm

import (
	"fmt"
	"strings"

	"github.com/theater-go/theater/wasm/pack"
)

// ParamsError says that a value is not what an export takes.
type ParamsError struct {
	Export string // its whole name
	Takes  string // its parameters but for the state, as Pact writes them
	Given  string // the types of what was given; empty for a literal
	Reason string // for a literal with the offset in it
}

func (e *ParamsError) Error() string {
	if e.Given == "" {
		return fmt.Sprintf("%s takes %s: %s", e.Export, e.Takes, e.Reason)
	}
	return fmt.Sprintf("%s takes %s, and is given %s: %s", e.Export, e.Takes, e.Given, e.Reason)
}

// CheckParams holds the parameters of a call, a tuple or a single value without the
// state, against what the guest declares of the export with that index. It returns a
// *ParamsError for those that the guest could not decode, and nil where it declares
// nothing.
func (m *Module) CheckParams(export int, params pack.Value) error {
	s := &m.exports[export]
	if !s.strict() {
		return nil
	}
	takes := s.params[1:]
	err := fits(params, takes)
	if err == nil {
		return nil
	}
	return &ParamsError{Export: s.name, Takes: takesText(takes), Given: givenText(params), Reason: err.Error()}
}

// ParseParams reads the parameters of a call, a literal, as what the guest declares of
// the export with that index, see [pack.ParseParams]; where it declares nothing they
// are as written. The error is a *ParamsError, or a *[pack.SyntaxError] where nothing
// is declared.
func (m *Module) ParseParams(export int, literal string) (pack.Value, error) {
	s := &m.exports[export]
	if !s.strict() {
		return pack.ParseLiteral(literal)
	}
	takes := s.params[1:]
	v, err := pack.ParseParams(literal, takes)
	if err != nil {
		return v, &ParamsError{Export: s.name, Takes: takesText(takes), Reason: shorten(err.Error())}
	}
	return v, nil
}

// ParseState reads a state, a literal, as the one that the guest declares the export
// with that index to take. The errors are those of ParseParams.
func (m *Module) ParseState(export int, literal string) (pack.Value, error) {
	s := &m.exports[export]
	if s.state == nil {
		return pack.ParseLiteral(literal)
	}
	v, err := pack.ParseLiteralAs(literal, *s.state)
	if err != nil {
		return v, &ParamsError{Export: s.name, Takes: takesText(s.params[:1]), Reason: shorten(err.Error())}
	}
	return v, nil
}

// strict reports whether the guest decodes the parameters one by one. One that
// declares none ignores what it is given, and one that declares a single value of
// any type has all of it in that.
func (s *signature) strict() bool {
	switch len(s.params) {
	case 0:
		return false
	case 1:
		return s.state.Kind != pack.KindValue && s.state.Kind != pack.KindRef
	}
	return true
}

// fits says why a guest that takes those parameters could not decode the value.
func fits(v pack.Value, takes []pack.Param) error {
	items := []pack.Value{v}
	if v.Kind() == pack.KindTuple {
		items = v.Items()
	}
	err := fitEach(items, takes)
	if err == nil || len(takes) != 1 {
		return err
	}
	// Guests in Rust make several parameters one tuple, and take the only one out of
	// a tuple.
	t := takes[0].Type
	if t.Kind == pack.KindTuple && pack.Validate(pack.Tuple(items...), t) == nil {
		return nil
	}
	if len(items) == 1 && items[0].Kind() == pack.KindTuple && items[0].Len() == 1 && pack.Validate(items[0].At(0), t) == nil {
		return nil
	}
	return err
}

func fitEach(items []pack.Value, takes []pack.Param) error {
	if len(items) != len(takes) {
		return fmt.Errorf("it takes %d, not %d", len(takes), len(items))
	}
	for i, p := range takes {
		if err := pack.Validate(items[i], p.Type); err != nil {
			return fmt.Errorf("in %s: %w", p.Name, err)
		}
	}
	return nil
}

// maxTypesText bounds what is said of types, in bytes.
const maxTypesText = 512

// takesText are parameters as Pact writes them, and the records and variants that
// they name.
func takesText(takes []pack.Param) string {
	var list []string
	var d definitions
	for _, p := range takes {
		list = append(list, p.Name+": "+p.Type.String())
		d.add(&p.Type)
	}
	return shorten(strings.Join(append([]string{"(" + strings.Join(list, ", ") + ")"}, d.texts...), " with "))
}

// givenText is the types of what was given, in the same form.
func givenText(v pack.Value) string {
	text := v.Type().String()
	if inner, ok := strings.CutPrefix(text, "tuple<"); ok {
		return shorten("(" + strings.TrimSuffix(inner, ">") + ")")
	}
	return shorten("(" + text + ")")
}

func shorten(text string) string {
	if len(text) > maxTypesText {
		text = text[:maxTypesText] + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// definitions are those of the records and variants that types name, as Pact writes
// them, up to a length of no interest any more.
type definitions struct {
	texts []string
	size  int
}

// add takes in the definitions in a type.
func (d *definitions) add(t *pack.TypeDesc) {
	if d.size > maxTypesText {
		return
	}
	var parts []string
	var inner []*pack.TypeDesc
	for i := range t.Items {
		inner = append(inner, &t.Items[i])
	}
	for i := range t.Fields {
		f := &t.Fields[i]
		parts, inner = append(parts, f.Name+": "+f.Type.String()), append(inner, &f.Type)
	}
	for i := range t.Cases {
		c := &t.Cases[i]
		text := c.Name
		if c.Payload != nil {
			text += "(" + c.Payload.String() + ")"
			inner = append(inner, c.Payload)
		}
		parts = append(parts, text)
	}
	if t.Kind == pack.KindRecord || t.Kind == pack.KindVariant {
		text := fmt.Sprintf("%s %s { %s }", t.Kind, t.Name, strings.Join(parts, ", "))
		for _, known := range d.texts {
			if known == text {
				return
			}
		}
		d.texts, d.size = append(d.texts, text), d.size+len(text)
	}
	for _, t := range inner {
		d.add(t)
	}
}
