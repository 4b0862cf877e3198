package pack

import (
	"strings"
	"unicode/utf8"
)

// ParseLiteral reads one literal, the form that [Value.String] writes. Not
// everything printed reads back as it was: a variant gets tag 0, a list the
// type of its first item, and NaN and infinities have no literal. Beyond that form
// a list<u8> may be written b"text", and texts may have characters escaped as in Go.
// The error is a *[SyntaxError].
func ParseLiteral(s string) (Value, error) {
	p := newLiteralParser(s)
	return p.whole(p.value(1))
}

// literalParser keeps its first error; after it every step returns at once.
type literalParser struct {
	s     string
	pos   int
	spare int  // bytes that inferred type headers may still take
	loose bool // what a declared type would make a literal is one
	err   error

	// Of the types that are declared, made once for each: headers, and where fields and
	// cases are.
	heads  map[*TypeDesc]string
	places map[*TypeDesc]map[string]int
}

func newLiteralParser(s string) literalParser {
	return literalParser{s: s, spare: len(s)*8 + 1<<20}
}

// whole is the value, unless something follows it.
func (p *literalParser) whole(v Value) (Value, error) {
	p.space()
	if p.pos < len(p.s) {
		p.fail("trailing input: '" + p.s[p.pos:] + "'")
	}
	if p.err != nil {
		return Value{}, p.err
	}
	return v, nil
}

func (p *literalParser) fail(message string) {
	if p.err == nil {
		p.err = &SyntaxError{Offset: p.pos, Message: message}
	}
}

func (p *literalParser) limit(err error) {
	if p.err == nil {
		p.err = &SyntaxError{Offset: p.pos, Message: err.Error(), is: err}
	}
}

// peek is the next byte, 0 at the end and after an error.
func (p *literalParser) peek() byte {
	if p.err != nil || p.pos >= len(p.s) {
		return 0
	}
	return p.s[p.pos]
}

func (p *literalParser) space() {
	for isSpace(p.peek()) {
		p.pos++
	}
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' && c != '\v' }

// accept takes text when it comes next.
func (p *literalParser) accept(text string) bool {
	if p.err != nil || !strings.HasPrefix(p.s[p.pos:], text) {
		return false
	}
	p.pos += len(text)
	return true
}

func (p *literalParser) expect(c byte) {
	if p.err == nil && !p.accept(string(rune(c))) {
		p.fail("expected '" + string(rune(c)) + "', got " + p.next())
	}
}

// next names the next character in an error.
func (p *literalParser) next() string {
	if p.pos >= len(p.s) {
		return "EOF"
	}
	_, n := utf8.DecodeRuneInString(p.s[p.pos:])
	return "'" + p.s[p.pos:p.pos+n] + "'"
}

func isIdentStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// identEnd is where the identifier at s[pos:] ends, pos when there is none.
func identEnd(s string, pos int) int {
	if pos >= len(s) || !isIdentStart(s[pos]) {
		return pos
	}
	for pos < len(s) && (isIdentStart(s[pos]) || isDigit(s[pos]) || s[pos] == '-') {
		pos++
	}
	return pos
}

func (p *literalParser) ident() string {
	if p.err != nil {
		return ""
	}
	start := p.pos
	p.pos = identEnd(p.s, start)
	if p.pos == start {
		p.fail("expected identifier")
	}
	return p.s[start:p.pos]
}

// begin comes before a value.
func (p *literalParser) begin(depth int) {
	p.space()
	if p.err == nil && p.pos >= len(p.s) {
		p.fail("unexpected EOF")
	}
	if depth > MaxDepth {
		p.limit(ErrTooDeep)
	}
}

func (p *literalParser) value(depth int) Value {
	p.begin(depth)
	switch c := p.peek(); {
	case p.err != nil:
		return Value{}
	case c == '"':
		return p.text()
	case c == '\'':
		return p.char()
	case c == 'b' && strings.HasPrefix(p.s[p.pos:], `b"`):
		return p.bytes()
	case c == '(':
		return Tuple(p.values(depth)...)
	case c == '[':
		return p.list(depth)
	case c == '{':
		return p.record("", depth)
	case c == '-' || isDigit(c):
		return p.number()
	}
	return p.word(depth)
}

// values reads a parenthesised list of values.
func (p *literalParser) values(depth int) []Value {
	p.expect('(')
	var items []Value
	for p.space(); p.err == nil && p.peek() != ')'; p.space() {
		items = append(items, p.value(depth+1))
		p.space()
		if !p.accept(",") {
			break
		}
	}
	p.expect(')')
	return items
}

func (p *literalParser) list(depth int) Value {
	p.expect('[')
	p.space()
	if p.accept("]") {
		p.space()
		if !p.accept("<") {
			if p.loose {
				return Value{}
			}
			p.pos = strings.LastIndexByte(p.s[:p.pos], ']') + 1
			p.fail("empty list requires type annotation: []<TYPE>")
			return Value{}
		}
		elem := p.typ()
		p.expect('>')
		return List(elem)
	}
	var items []Value
	for more := p.err == nil; more; more = p.another() {
		items = append(items, p.value(depth+1))
	}
	if p.err != nil || p.loose {
		return Value{}
	}
	elem := items[0].Type()
	if p.spare -= len(elem.enc); p.spare < 0 {
		p.limit(ErrTooLarge)
	}
	return List(elem, items...)
}

// another reports whether one more item of a list follows.
func (p *literalParser) another() bool {
	p.space()
	if p.accept(",") {
		p.space()
		return p.err == nil && !p.accept("]")
	}
	if p.err == nil && !p.accept("]") {
		p.fail("expected ',' or ']', got " + p.next())
	}
	return false
}

func (p *literalParser) record(name string, depth int) Value {
	p.expect('{')
	var fields []Field
	for p.space(); p.err == nil && p.peek() != '}'; p.space() {
		field := p.ident()
		p.space()
		p.expect(':')
		fields = append(fields, Field{field, p.value(depth + 1)})
		p.space()
		if !p.accept(",") {
			break
		}
	}
	p.expect('}')
	return Record(name, fields...)
}

// variant reads what follows the type name.
func (p *literalParser) variant(typ string, depth int) Value {
	p.accept("::")
	return p.payload(typ, p.ident(), depth)
}

// payload reads what follows the name of a case.
func (p *literalParser) payload(typ, name string, depth int) Value {
	mark := p.pos
	p.space()
	if p.peek() != '(' {
		if p.err == nil {
			p.pos = mark
		}
		return Variant(typ, name, 0)
	}
	return Variant(typ, name, 0, p.values(depth)...)
}

// word reads whatever begins with a letter, and variants without a type name.
func (p *literalParser) word(depth int) Value {
	if strings.HasPrefix(p.s[p.pos:], "::") {
		return p.variant("", depth)
	}
	name, mark := p.ident(), p.pos
	rest := p.s[mark:]
	switch {
	case p.err != nil:
		return Value{}
	case !p.loose && (name == "true" || name == "false"):
		return Bool(name == "true")
	case name == "flags" && strings.HasPrefix(rest, "(0x"):
		return p.flags()
	case !strings.HasPrefix(rest, "<"):
	case name == "none":
		p.expect('<')
		inner := p.typ()
		p.expect('>')
		return None(inner)
	case name == "some":
		p.expect('<')
		inner := p.typ()
		p.expect('>')
		return SomeOf(inner, p.held(depth))
	case name == "ok" || name == "err":
		p.expect('<')
		ok := p.typ()
		p.expect(',')
		err := p.typ()
		p.expect('>')
		held := p.held(depth)
		if name == "ok" {
			return Ok(ok, err, held)
		}
		return Err(ok, err, held)
	}
	p.space()
	if strings.HasPrefix(p.s[p.pos:], "::") {
		return p.variant(name, depth)
	}
	if p.peek() == '{' {
		return p.record(name, depth)
	}
	if p.loose {
		p.pos = mark
		return p.payload("", name, depth)
	}
	p.fail("unexpected identifier '" + name + "' (expected { or ::)")
	return Value{}
}

// held reads the value inside an option or result.
func (p *literalParser) held(depth int) Value {
	p.expect('(')
	v := p.value(depth + 1)
	p.space()
	p.expect(')')
	return v
}

// typ reads a type and the space after it.
func (p *literalParser) typ() Type {
	b := p.appendType(nil, 1)
	if p.err != nil {
		return Type{}
	}
	return typeOf(string(b))
}

func (p *literalParser) appendType(b []byte, depth int) []byte {
	if depth > MaxDepth {
		p.limit(ErrTooDeep)
	}
	p.space()
	name := p.ident()
	kind := compoundKinds[name]
	switch scalar := scalarKinds[name]; {
	case p.err != nil:
		return b
	case kind != 0 && p.peek() == '<':
		b = p.appendCompound(append(b, byte(kind)), kind, depth)
	case scalar != 0:
		b = append(b, byte(scalar))
	default:
		b = appendStr(append(b, byte(KindRecord)), name)
	}
	p.space()
	return b
}

func (p *literalParser) appendCompound(b []byte, kind Kind, depth int) []byte {
	p.expect('<')
	switch kind {
	case KindTuple:
		at, count := len(b), 0
		b = appendU32(b, 0)
		for p.space(); p.err == nil && p.peek() != '>'; p.space() {
			b = p.appendType(b, depth+1)
			count++
			if !p.accept(",") {
				break
			}
		}
		appendU32(b[:at], uint32(count))
	case KindResult:
		b = p.appendType(b, depth+1)
		p.expect(',')
		b = p.appendType(b, depth+1)
	default:
		b = p.appendType(b, depth+1)
	}
	p.expect('>')
	return b
}

var compoundKinds = map[string]Kind{"list": KindList, "option": KindOption, "result": KindResult, "tuple": KindTuple}

var scalarKinds = map[string]Kind{
	"bool": KindBool, "u8": KindU8, "u16": KindU16, "u32": KindU32, "u64": KindU64,
	"s8": KindS8, "s16": KindS16, "s32": KindS32, "s64": KindS64,
	"f32": KindF32, "f64": KindF64, "char": KindChar, "string": KindString, "flags": KindFlags,
}
