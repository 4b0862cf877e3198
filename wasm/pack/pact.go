package pack

import "strings"

// ParsePact reads a Pact source: one interface, or its items alone, which make
// an interface named root. The error is a *[SyntaxError].
func ParsePact(src string) (*Interface, error) {
	p := pactParser{pactScanner: pactScanner{s: src}, spare: 1<<14 + 4*len(src)}
	d := newPactDecl("root", nil)
	if p.acceptWord("interface") {
		d.name = p.ident()
		p.expect('{')
		p.items(d, '}', 1)
		p.separators()
		if p.peek() != 0 || p.err == nil && p.pos < len(p.s) {
			p.unexpected("end of file")
		}
	} else {
		p.items(d, 0, 1)
	}
	i := p.build(d, "")
	if p.err != nil {
		return nil, p.err
	}
	return i, nil
}

// MustParsePact is [ParsePact] for sources that are part of the program; it
// panics on an error.
func MustParsePact(src string) *Interface {
	i, err := ParsePact(src)
	if err != nil {
		panic("pack: " + err.Error())
	}
	return i
}

// pactDecl is an interface as parsed, its names not yet resolved.
type pactDecl struct {
	Interface // Functions, Types hold unresolved descriptors

	name      string
	parent    *pactDecl
	types     map[string]pactType
	order     []string // of types
	functions map[string]bool
	nested    []*pactDecl
}

func newPactDecl(name string, parent *pactDecl) *pactDecl {
	return &pactDecl{name: name, parent: parent, types: map[string]pactType{}, functions: map[string]bool{}}
}

type pactType struct {
	desc TypeDesc
	pos  int // of the declaration, for errors
}

type pactParser struct {
	pactScanner
	spare int // descriptors that resolving may still make
}

// items reads the items of an interface up to end, 0 for the end of the source.
func (p *pactParser) items(d *pactDecl, end byte, depth int) {
	if p.deep(depth) {
		return
	}
	for {
		p.separators()
		if end == 0 && p.peek() == 0 && p.pos >= len(p.s) || end != 0 && p.end(end) || p.err != nil {
			return
		}
		p.item(d, depth)
	}
}

func (p *pactParser) item(d *pactDecl, depth int) {
	if p.accept('@') {
		p.meta(d)
		return
	}
	switch word := p.word(); word {
	case "type":
		p.ident()
		p.alias(d)
	case "record", "variant", "enum", "flags":
		p.ident()
		pos := p.pos
		name := p.ident()
		p.declare(d, pos, name, p.definition(word, name))
	case "imports":
		p.ident()
		p.expect('{')
		for !p.end('}') {
			d.Imports = append(d.Imports, p.path())
		}
	case "exports":
		p.ident()
		p.expect('{')
		for !p.end('}') {
			p.export(d)
		}
	case "interface":
		p.ident()
		p.inner(d, depth)
	case "use":
		p.ident()
		p.use(d)
	default:
		p.unexpected("an item")
	}
}

// meta reads what follows @: a typed constant, or a mark on what comes next,
// which is skipped.
func (p *pactParser) meta(d *pactDecl) {
	name := p.ident()
	if !p.accept(':') {
		return
	}
	m := Meta{Name: name, Type: p.typ(1)}
	p.expect('=')
	m.Value = p.constant(1)
	d.Meta = append(d.Meta, m)
	text, _ := m.Value.AsString()
	if name == "version" {
		d.Version = text
	}
}

func (p *pactParser) constant(depth int) Value {
	if p.deep(depth) {
		return Value{}
	}
	switch c := p.peek(); {
	case c == '"':
		return String(p.text())
	case c == '-' || isDigit(c):
		return p.number()
	case c == '{':
		p.expect('{')
		var fields []Field
		for !p.end('}') {
			name := p.ident()
			p.expect(':')
			fields = append(fields, Field{name, p.constant(depth + 1)})
		}
		return Record("", fields...)
	case p.acceptWord("true"):
		return Bool(true)
	case p.acceptWord("false"):
		return Bool(false)
	}
	p.unexpected("a constant")
	return Value{}
}

func (p *pactParser) alias(d *pactDecl) {
	pos := p.pos
	name := p.ident()
	switch {
	case p.accept('='):
		p.declare(d, pos, name, p.typ(1))
	case p.accept(':'):
		p.ident() // the constraint of a parameter
	}
}

// definition reads the body of a record, variant, enum or flags.
func (p *pactParser) definition(word, name string) TypeDesc {
	t := TypeDesc{Kind: KindVariant, Name: name}
	p.expect('{')
	for n := 0; !p.end('}'); n++ {
		if n == MaxMembers {
			p.failAt(p.pos, "too many members", ErrTooLarge)
		}
		if p.accept('@') {
			p.ident()
			continue
		}
		member := p.ident()
		switch word {
		case "record":
			p.expect(':')
			t.Fields = append(t.Fields, FieldDesc{member, p.typ(1)})
		case "variant":
			c := CaseDesc{Name: member}
			if p.accept('(') {
				payload := p.typ(1)
				c.Payload = &payload
				p.expect(')')
			}
			t.Cases = append(t.Cases, c)
		case "enum":
			t.Cases = append(t.Cases, CaseDesc{Name: member})
		}
	}
	switch word {
	case "record":
		t.Kind = KindRecord
	case "flags":
		return TypeDesc{Kind: KindFlags}
	}
	return t
}

func (p *pactParser) declare(d *pactDecl, pos int, name string, t TypeDesc) {
	if _, ok := d.types[name]; ok {
		p.failAt(pos, "type '"+name+"' is declared twice", nil)
		return
	}
	d.types[name] = pactType{t, pos}
	d.order = append(d.order, name)
}

// path reads a name, or two joined by a point or colon.
func (p *pactParser) path() string {
	path := p.ident()
	for _, c := range []byte(":.") {
		if p.accept(c) {
			path += string(rune(c)) + p.ident()
			break
		}
	}
	return path
}

func (p *pactParser) export(d *pactDecl) {
	p.peek()
	pos := p.pos
	name := p.ident()
	p.expect(':')
	if p.word() != "func" {
		p.declare(d, pos, name, p.typ(1))
		return
	}
	p.ident()
	f := FunctionSig{Name: name}
	p.expect('(')
	for !p.end(')') {
		param := p.ident()
		p.expect(':')
		f.Params = append(f.Params, Param{param, p.typ(1)})
	}
	if p.peek() == '-' {
		p.expect('-')
		p.expect('>')
		f.Results = []TypeDesc{p.typ(1)}
	}
	if d.functions[name] {
		p.failAt(pos, "function '"+name+"' is declared twice", nil)
	}
	d.functions[name] = true
	d.Functions = append(d.Functions, f)
}

// inner reads an interface inside another, with a body or as a transform.
func (p *pactParser) inner(d *pactDecl, depth int) {
	n := newPactDecl(p.ident(), d)
	d.nested = append(d.nested, n)
	if !p.accept('=') {
		p.expect('{')
		p.items(n, '}', depth+1)
		return
	}
	name := p.ident()
	p.expect('(')
	var arguments []string
	for !p.end(')') {
		arguments = append(arguments, p.ident())
	}
	n.Transform = name + "(" + strings.Join(arguments, ", ") + ")"
}

// use reads the name of another interface; the types it names stay unresolved.
func (p *pactParser) use(d *pactDecl) {
	if p.peek() == '"' {
		d.Uses = append(d.Uses, p.text())
	} else {
		d.Uses = append(d.Uses, p.ident())
	}
	if p.accept('(') {
		for !p.end(')') {
			p.ident()
		}
	}
	if p.accept('.') {
		p.expect('{')
		for !p.end('}') {
			p.ident()
		}
	}
}
