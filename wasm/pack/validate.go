package pack

import "strconv"

// Validate holds a value to the structure of a type: the fields of a record in
// any order, the case of a variant by name, lists item by item. Type headers
// inside the value are not compared; `value` and unresolved references accept
// anything. The error wraps [ErrType].
func Validate(v Value, t TypeDesc) error {
	if p := validate(v, &t); p != nil {
		return p
	}
	return nil
}

// typeProblem grows its path outward as it is returned.
type typeProblem struct{ path, text string }

func (p *typeProblem) Error() string { return p.path + p.text }
func (p *typeProblem) Unwrap() error { return ErrType }

func (p *typeProblem) in(where string) *typeProblem {
	if p != nil {
		p.path = "in " + where + ": " + p.path
	}
	return p
}

func expected(what string, got Value) *typeProblem {
	return &typeProblem{text: "expected " + what + ", got " + got.Kind().String()}
}

func validate(v Value, t *TypeDesc) *typeProblem {
	switch t.Kind {
	case KindValue, KindRef:
		return nil
	case KindRecord:
		return validateRecord(v, t)
	case KindVariant:
		return validateVariant(v, t)
	}
	if v.Kind() != t.Kind {
		return expected(t.Kind.String(), v)
	}
	switch t.Kind {
	case KindList:
		return validateList(v, &t.Items[0])
	case KindOption:
		if inner, present, _ := v.Option(); present {
			return validate(inner, &t.Items[0]).in("option")
		}
	case KindResult:
		payload, isOk, _ := v.Result()
		if isOk {
			return validate(payload, &t.Items[0]).in("result::ok")
		}
		return validate(payload, &t.Items[1]).in("result::err")
	case KindTuple:
		if v.Len() != len(t.Items) {
			return &typeProblem{text: "expected tuple of " + strconv.Itoa(len(t.Items)) + ", got tuple of " + strconv.Itoa(v.Len())}
		}
		for i := range t.Items {
			if p := validate(v.At(i), &t.Items[i]); p != nil {
				return p.in("tuple." + strconv.Itoa(i))
			}
		}
	}
	return nil
}

func validateList(v Value, elem *TypeDesc) *typeProblem {
	n := v.Len()
	if v.packed() {
		n = min(n, 1) // its items are all of one kind
	}
	for i := range n {
		if p := validate(v.At(i), elem); p != nil {
			return p.in("list[" + strconv.Itoa(i) + "]")
		}
	}
	return nil
}

func validateRecord(v Value, t *TypeDesc) *typeProblem {
	if v.Kind() != KindRecord {
		return expected("record '"+t.Name+"'", v)
	}
	pos := v.names()
	for i := range t.Fields {
		f := &t.Fields[i]
		var field Value
		name, ok := "", false
		if i < v.Len() { // usually the fields are in the declared order
			name, pos = v.nameAt(pos)
			field, ok = v.items[i], name == f.Name
		}
		if !ok {
			field, ok = v.Field(f.Name)
		}
		if !ok {
			return &typeProblem{text: "record '" + t.Name + "' has no field '" + f.Name + "'"}
		}
		if p := validate(field, &f.Type); p != nil {
			return p.in("record '" + t.Name + "'." + f.Name)
		}
	}
	if v.Len() == len(t.Fields) {
		return nil
	}
	for _, f := range v.Fields() {
		if !t.hasField(f.Name) {
			return &typeProblem{text: "record '" + t.Name + "' has unknown field '" + f.Name + "'"}
		}
	}
	return &typeProblem{text: "record '" + t.Name + "' has a field twice"}
}

func (t *TypeDesc) hasField(name string) bool {
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return true
		}
	}
	return false
}

func validateVariant(v Value, t *TypeDesc) *typeProblem {
	parts, ok := v.Variant()
	if !ok {
		return expected("variant '"+t.Name+"'", v)
	}
	c := t.caseOf(parts)
	if c == nil {
		return &typeProblem{text: "variant '" + t.Name + "' has no case '" + parts.Case + "'"}
	}
	want := 0
	if c.Payload != nil {
		want = 1
	}
	if len(parts.Payload) != want {
		return &typeProblem{text: "case '" + t.Name + "::" + c.Name + "' has " + strconv.Itoa(want) +
			" payload values, got " + strconv.Itoa(len(parts.Payload))}
	}
	if want == 0 {
		return nil
	}
	return validate(parts.Payload[0], c.Payload).in(t.Name + "::" + c.Name)
}

// caseOf finds the case by name; the tag says where to look first.
func (t *TypeDesc) caseOf(parts VariantParts) *CaseDesc {
	if i := parts.Tag; uint64(i) < uint64(len(t.Cases)) && t.Cases[i].Name == parts.Case {
		return &t.Cases[i]
	}
	for i := range t.Cases {
		if t.Cases[i].Name == parts.Case {
			return &t.Cases[i]
		}
	}
	return nil
}
