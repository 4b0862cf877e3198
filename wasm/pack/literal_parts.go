package pack

import (
	"strconv"
	"strings"
)

// Values with parts, read as the type that is declared.

func (p *literalParser) listAs(t *TypeDesc, depth int) Value {
	elem := &t.Items[0]
	if strings.HasPrefix(p.s[p.pos:], `b"`) && (elem.Kind == KindU8 || elem.Kind == KindValue || elem.Kind == KindRef) {
		return p.bytes()
	}
	if !p.accept("[") {
		return p.expected(t)
	}
	head := p.head(elem)
	p.space()
	if p.accept("]") {
		p.space()
		if p.accept("<") {
			head = p.headAs(elem)
			p.expect('>')
		}
		return List(typeOf(head))
	}
	if w := elem.Kind.width(); w > 0 {
		var packed []byte
		for more := true; more; more = p.another() {
			packed = appendFixed(packed, w, p.valueAs(elem, depth+1).num)
		}
		return Value{kind: KindList, flag: uint8(elem.Kind), str: string(packed)}
	}
	var items []Value
	for more := true; more; more = p.another() {
		items = append(items, p.valueAs(elem, depth+1))
	}
	return Value{kind: KindList, str: head, items: items}
}

func (p *literalParser) optionAs(t *TypeDesc, depth int) Value {
	inner := &t.Items[0]
	word := p.oneOf("some", "none")
	if word == "" {
		return p.expected(t)
	}
	head := p.head(inner)
	if p.accept("<") {
		head = p.headAs(inner)
		p.expect('>')
	}
	if word == "none" {
		return Value{kind: KindOption, str: head}
	}
	return Value{kind: KindOption, flag: 1, str: head, items: []Value{p.heldAs(inner, depth)}}
}

func (p *literalParser) resultAs(t *TypeDesc, depth int) Value {
	ok, err := &t.Items[0], &t.Items[1]
	word := p.oneOf("ok", "err")
	if word == "" {
		return p.expected(t)
	}
	head := p.head(t)[1:]
	if p.accept("<") {
		head = p.headAs(ok)
		p.expect(',')
		head += p.headAs(err)
		p.expect('>')
	}
	if word == "err" {
		return Value{kind: KindResult, str: head, items: []Value{p.heldAs(err, depth)}}
	}
	return Value{kind: KindResult, flag: 1, str: head, items: []Value{p.heldAs(ok, depth)}}
}

// oneOf takes one of two words, which it returns.
func (p *literalParser) oneOf(a, b string) string {
	end := identEnd(p.s, p.pos)
	word := p.s[p.pos:end]
	if word != a && word != b {
		return ""
	}
	p.pos = end
	return word
}

func (p *literalParser) heldAs(t *TypeDesc, depth int) Value {
	p.expect('(')
	v := p.valueAs(t, depth+1)
	p.space()
	p.expect(')')
	return v
}

func (p *literalParser) tupleAs(t *TypeDesc, depth int) Value {
	if p.peek() != '(' {
		return p.expected(t)
	}
	items := p.exactly(len(t.Items), "a tuple of "+strconv.Itoa(len(t.Items)), nil, func(i int) Value { return p.valueAs(&t.Items[i], depth+1) })
	return Tuple(items...)
}

// exactly reads n values in parentheses. An error says what they are, and with names
// also which is the first that is missing.
func (p *literalParser) exactly(n int, what string, name func(i int) string, read func(i int) Value) []Value {
	p.expect('(')
	var items []Value
	for p.space(); p.err == nil && p.peek() != ')'; p.space() {
		if len(items) == n {
			p.misfit(p.pos, "expected "+what+", got more")
			return nil
		}
		items = append(items, read(len(items)))
		p.space()
		if !p.accept(",") {
			break
		}
	}
	if p.peek() == ')' && len(items) < n {
		what += ", got " + strconv.Itoa(len(items))
		if name != nil {
			what += ": there is no " + name(len(items))
		}
		p.misfit(p.pos, "expected "+what)
	}
	p.expect(')')
	return items
}

func (p *literalParser) recordAs(t *TypeDesc, depth int) Value {
	start, name := p.pos, t.Name
	if end := identEnd(p.s, start); end > start {
		name = p.s[start:end]
		p.pos = end
		p.space()
	}
	if !p.accept("{") {
		p.pos = start
		return p.expected(t)
	}
	fields, given := make([]Field, len(t.Fields)), make([]bool, len(t.Fields))
	left := len(fields)
	for p.space(); p.err == nil && p.peek() != '}'; p.space() {
		at := p.pos
		field := p.ident()
		if p.err != nil {
			return Value{}
		}
		place := p.place(t, field)
		switch {
		case place < 0:
			return p.misfit(at, t.label()+" has no field '"+shortText(field)+"', it has "+t.fieldNames(nil))
		case given[place]:
			return p.misfit(at, t.label()+" has the field '"+field+"' twice")
		}
		p.space()
		p.expect(':')
		fields[place] = Field{t.Fields[place].Name, p.valueAs(&t.Fields[place].Type, depth+1)}
		given[place] = true
		left--
		p.space()
		if !p.accept(",") {
			break
		}
	}
	p.expect('}')
	switch {
	case p.err != nil:
		return Value{}
	case left > 0:
		return p.misfit(start, t.label()+" lacks "+t.fieldNames(given))
	}
	return Record(name, fields...)
}

// place is that of a field or case of t by its name, -1 when there is none.
func (p *literalParser) place(t *TypeDesc, name string) int {
	places, ok := p.places[t]
	if !ok {
		places = make(map[string]int, len(t.Fields)+len(t.Cases))
		for i := len(t.Fields) - 1; i >= 0; i-- {
			places[t.Fields[i].Name] = i
		}
		for i := len(t.Cases) - 1; i >= 0; i-- {
			places[t.Cases[i].Name] = i
		}
		if p.places == nil {
			p.places = map[*TypeDesc]map[string]int{}
		}
		p.places[t] = places
	}
	if i, ok := places[name]; ok {
		return i
	}
	return -1
}

// fieldNames are those of a record, but for the ones that are given; nil is none.
func (t *TypeDesc) fieldNames(given []bool) string {
	var names []string
	for i, f := range t.Fields {
		if given == nil || !given[i] {
			names = append(names, f.Name+": "+shortText(f.Type.String()))
		}
	}
	return listText(names)
}

// listText is names behind commas, of which it drops the last where they are many.
func listText(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		if b.Len() > 4*maxShown {
			return b.String() + "…"
		}
		b.WriteString(shortText(name))
	}
	return b.String()
}
