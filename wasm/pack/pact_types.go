package pack

var pactScalars = map[string]Kind{
	"bool": KindBool, "u8": KindU8, "u16": KindU16, "u32": KindU32, "u64": KindU64,
	"s8": KindS8, "s16": KindS16, "s32": KindS32, "s64": KindS64,
	"f32": KindF32, "f64": KindF64, "char": KindChar, "string": KindString,
	"value": KindValue, "self": KindValue,
}

// typ reads a type; names become references. An underscore is bool as the ok of
// a result, string as its err, the empty tuple elsewhere.
func (p *pactParser) typ(depth int) TypeDesc {
	return p.typeOr(TypeDesc{Kind: KindTuple}, depth)
}

func (p *pactParser) typeOr(placeholder TypeDesc, depth int) TypeDesc {
	if p.deep(depth) {
		return TypeDesc{}
	}
	name := p.ident()
	if name == "_" {
		return placeholder
	}
	if k, ok := pactScalars[name]; ok {
		return TypeDesc{Kind: k}
	}
	if p.peek() != '<' {
		return TypeDesc{Kind: KindRef, Name: name}
	}
	switch name {
	case "list", "option", "set", "map", "result", "tuple":
		return p.compound(name, depth)
	}
	p.fail("type '" + name + "' takes no parameters")
	return TypeDesc{}
}

func (p *pactParser) compound(name string, depth int) TypeDesc {
	p.expect('<')
	t := TypeDesc{Kind: KindTuple}
	switch name {
	case "list", "set":
		t = TypeDesc{Kind: KindList, Items: []TypeDesc{p.typ(depth + 1)}}
	case "option":
		t = TypeDesc{Kind: KindOption, Items: []TypeDesc{p.typ(depth + 1)}}
	case "map":
		key := p.typ(depth + 1)
		p.expect(',')
		pair := TypeDesc{Kind: KindTuple, Items: []TypeDesc{key, p.typ(depth + 1)}}
		t = TypeDesc{Kind: KindList, Items: []TypeDesc{pair}}
	case "result":
		ok := p.typeOr(TypeDesc{Kind: KindBool}, depth+1)
		p.expect(',')
		t = TypeDesc{Kind: KindResult, Items: []TypeDesc{ok, p.typeOr(TypeDesc{Kind: KindString}, depth+1)}}
	case "tuple":
		for p.err == nil && p.peek() != '>' {
			t.Items = append(t.Items, p.typ(depth+1))
			if !p.accept(',') {
				break
			}
		}
	}
	p.expect('>')
	return t
}

// build makes the interface of a declaration, with every declared name resolved.
func (p *pactParser) build(d *pactDecl, pkg string) *Interface {
	for _, m := range d.Meta {
		if text, ok := m.Value.AsString(); ok && m.Name == "package" {
			pkg = text
		}
	}
	i := d.Interface
	i.Name = d.name
	if pkg != "" {
		i.Name = pkg + "/" + d.name
	}
	r := pactResolver{p: p, scope: d}
	for _, name := range d.order {
		r.pos = d.types[name].pos
		i.Types = append(i.Types, NamedType{name, r.resolve(TypeDesc{Kind: KindRef, Name: name}, 1)})
	}
	for k := range i.Functions {
		f := &i.Functions[k]
		f.Interface = i.Name
		for n := range f.Params {
			f.Params[n].Type = r.resolve(f.Params[n].Type, 1)
		}
		for n := range f.Results {
			f.Results[n] = r.resolve(f.Results[n], 1)
		}
	}
	for _, n := range d.nested {
		if p.err != nil {
			break
		}
		i.Interfaces = append(i.Interfaces, p.build(n, pkg))
	}
	return &i
}

// pactResolver replaces references by what they name. A name inside its own
// definition becomes `value`, an undeclared one stays a reference.
type pactResolver struct {
	p     *pactParser
	scope *pactDecl
	pos   int
	open  []string // names being resolved
}

func (r *pactResolver) resolve(t TypeDesc, depth int) TypeDesc {
	if r.p.spare--; r.p.spare < 0 {
		r.p.failAt(r.pos, "types expand too far", ErrTooLarge)
	}
	if depth > MaxDepth {
		r.p.failAt(r.pos, ErrTooDeep.Error(), ErrTooDeep)
	}
	if r.p.err != nil {
		return TypeDesc{}
	}
	if t.Kind == KindRef {
		return r.reference(t, depth)
	}
	u := TypeDesc{Kind: t.Kind, Name: t.Name}
	for _, item := range t.Items {
		u.Items = append(u.Items, r.resolve(item, depth+1))
	}
	for _, f := range t.Fields {
		u.Fields = append(u.Fields, FieldDesc{f.Name, r.resolve(f.Type, depth+1)})
	}
	for _, c := range t.Cases {
		if c.Payload != nil {
			payload := r.resolve(*c.Payload, depth+1)
			c.Payload = &payload
		}
		u.Cases = append(u.Cases, c)
	}
	return u
}

func (r *pactResolver) reference(t TypeDesc, depth int) TypeDesc {
	for _, name := range r.open {
		if name == t.Name {
			return TypeDesc{}
		}
	}
	for d := r.scope; d != nil; d = d.parent {
		if def, ok := d.types[t.Name]; ok {
			r.open = append(r.open, t.Name)
			u := r.resolve(def.desc, depth+1)
			r.open = r.open[:len(r.open)-1]
			return u
		}
	}
	return t
}
