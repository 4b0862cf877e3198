package pack

import "strings"

// variantAs reads Type::case, ::case or the case alone, and what it holds.
func (p *literalParser) variantAs(t *TypeDesc, depth int) Value {
	typ, at := t.Name, p.pos
	name := p.s[at:identEnd(p.s, at)]
	p.pos += len(name)
	p.space()
	switch {
	case p.accept("::"):
		if name != "" {
			typ = name
		}
		at = p.pos
		name = p.ident()
	case name == "":
		return p.expected(t)
	default:
		p.pos = at + len(name)
	}
	if p.err != nil {
		return Value{}
	}
	tag := p.place(t, name)
	if tag < 0 {
		return p.misfit(at, t.label()+" has no case '"+shortText(name)+"', it has "+t.caseNames())
	}
	return Variant(typ, name, uint32(tag), p.payloadAs(&t.Cases[tag], at, depth)...)
}

// payloadAs reads what a case holds: one value, or none. The case's name is at an offset.
func (p *literalParser) payloadAs(c *CaseDesc, at, depth int) []Value {
	mark := p.pos
	p.space()
	if p.peek() != '(' {
		if p.err == nil {
			p.pos = mark
		}
		if c.Payload != nil {
			p.misfit(at, "case '"+shortText(c.Name)+"' holds a value: "+c.text())
		}
		return nil
	}
	if c.Payload == nil {
		return p.exactly(0, "no value in case '"+shortText(c.Name)+"'", nil, nil)
	}
	return p.exactly(1, "one value in "+c.text(), nil, func(int) Value { return p.valueAs(c.Payload, depth+1) })
}

// text is the case as Pact writes it.
func (c *CaseDesc) text() string {
	if c.Payload == nil {
		return c.Name
	}
	return c.Name + "(" + shortText(c.Payload.String()) + ")"
}

func (t *TypeDesc) caseNames() string {
	names := make([]string, len(t.Cases))
	for i := range t.Cases {
		names[i] = t.Cases[i].text()
	}
	return listText(names)
}

// head is the type header of t as the wire has it, made once for each type.
func (p *literalParser) head(t *TypeDesc) string {
	head, ok := p.heads[t]
	if !ok {
		head = t.header().wire()
		if p.heads == nil {
			p.heads = map[*TypeDesc]string{}
		}
		p.heads[t] = head
	}
	return head
}

// headAs reads a type that t declares, too, and is its header.
func (p *literalParser) headAs(t *TypeDesc) string {
	p.space()
	start := p.pos
	typ := p.typ()
	if p.err != nil {
		return ""
	}
	head, end := t.appendHead(nil, typ.wire(), 0)
	if end < 0 {
		p.misfit(start, "expected "+t.label()+", got "+shortText(strings.TrimRight(p.s[start:p.pos], " \t\r\n\f")))
		return ""
	}
	return string(head)
}

// appendHead appends the header of t, in which the type at s[pos:] says what t leaves
// open and how records and variants are called. It returns where that ends, -1 when it
// is another type than t.
func (t *TypeDesc) appendHead(dst []byte, s string, pos int) ([]byte, int) {
	k := Kind(s[pos])
	switch t.Kind {
	case KindValue, KindRef:
		end := typeEnd(s, pos)
		return append(dst, s[pos:end]...), end
	case KindRecord, KindVariant:
		end := typeEnd(s, pos)
		if k == KindRecord { // every other name is read as that of a record
			return append(append(dst, byte(t.Kind)), s[pos+1:end]...), end
		}
		if scalarKinds[k.String()] == 0 || k.String() != t.Name {
			return dst, -1
		}
		return appendStr(append(dst, byte(t.Kind)), t.Name), end
	}
	if k != t.Kind || k == KindTuple && int(le32(s, pos+1)) != len(t.Items) {
		return dst, -1
	}
	dst, pos = append(dst, byte(k)), pos+1
	if k == KindTuple {
		dst, pos = append(dst, s[pos:pos+4]...), pos+4
	}
	for i := 0; i < len(t.Items) && pos >= 0; i++ {
		dst, pos = t.Items[i].appendHead(dst, s, pos)
	}
	return dst, pos
}
