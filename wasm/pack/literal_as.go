package pack

import (
	"math"
	"strconv"
	"strings"
)

// ParseLiteralAs reads one literal as a value of type t. What t says need not be
// written: the suffix of a number, the types of an option, a result and an empty list,
// the name of a record, the type of a variant. The tag of a variant is the place of
// its case in t. Fields may come in any order and are in that of t. What is written of
// types must agree with t, but for the names of records and variants, which are
// kept as written and not compared. A list<u8> may be b"text". Where t is `value`
// or an unresolved reference, the literal is read as by [ParseLiteral].
//
// The value satisfies t, see [Validate]. The error is a *[SyntaxError], and an
// [ErrType] where a literal does not fit.
func ParseLiteralAs(s string, t TypeDesc) (Value, error) {
	p := newLiteralParser(s)
	return p.whole(p.valueAs(&t, 1))
}

// CheckLiteral reports whether s can be a literal of any type: what [ParseLiteral]
// takes, or [ParseLiteralAs] of some type. The error is a *[SyntaxError].
func CheckLiteral(s string) error {
	p := newLiteralParser(s)
	p.loose = true
	_, err := p.whole(p.value(1))
	return err
}

// valueAs reads a value of type t.
func (p *literalParser) valueAs(t *TypeDesc, depth int) Value {
	if t.Kind == KindValue || t.Kind == KindRef {
		return p.value(depth)
	}
	p.begin(depth)
	if p.err != nil {
		return Value{}
	}
	switch t.Kind {
	case KindRecord:
		return p.recordAs(t, depth)
	case KindVariant:
		return p.variantAs(t, depth)
	case KindList:
		return p.listAs(t, depth)
	case KindOption:
		return p.optionAs(t, depth)
	case KindResult:
		return p.resultAs(t, depth)
	case KindTuple:
		return p.tupleAs(t, depth)
	}
	if !p.begins(t.Kind) {
		return p.expected(t)
	}
	switch t.Kind {
	case KindString, KindChar, KindBool, KindFlags:
		return p.value(depth)
	}
	return p.numberAs(t)
}

// begins reports whether a literal of a type without parts comes next.
func (p *literalParser) begins(k Kind) bool {
	rest := p.s[p.pos:]
	switch k {
	case KindString:
		return rest[0] == '"'
	case KindChar:
		return rest[0] == '\''
	case KindFlags:
		return strings.HasPrefix(rest, "flags(0x")
	case KindBool:
		name := rest[:identEnd(rest, 0)]
		return name == "true" || name == "false"
	}
	return k.width() > 0 && (rest[0] == '-' || isDigit(rest[0]))
}

// numberAs reads a number of that type; a suffix is not needed.
func (p *literalParser) numberAs(t *TypeDesc) Value {
	start := p.pos
	digits := p.digits()
	if suffix := p.suffix(); suffix != KindValue && suffix != t.Kind {
		p.pos = start
		return p.expected(t)
	}
	text := shortText(digits)
	if t.Kind == KindF32 || t.Kind == KindF64 {
		f, err := strconv.ParseFloat(digits, 8*t.Kind.width())
		switch {
		case math.IsInf(f, 0):
			return p.misfit(start, text+" is out of the range of "+t.Kind.String())
		case err != nil:
			return p.misfit(start, "'"+text+"' is no number")
		case t.Kind == KindF32:
			return F32(float32(f))
		}
		return F64(f)
	}
	n, problem := parseInteger(digits, t.Kind)
	switch {
	case problem == "":
		return Value{kind: t.Kind, num: n}
	case strings.TrimLeft(digits, "-") == "":
		return p.misfit(start, "'"+text+"' is no number")
	case strings.Contains(digits, "."):
		return p.misfit(start, text+" is no whole number, as "+t.Kind.String()+" is")
	}
	return p.misfit(start, text+" is out of the range of "+t.Kind.String()+", "+rangeText(t.Kind))
}

// rangeText is the least and the greatest integer of that kind.
func rangeText(k Kind) string {
	most := uint64(math.MaxUint64) >> (64 - 8*k.width())
	switch k {
	case KindS8, KindS16, KindS32, KindS64:
		most >>= 1
		return strconv.FormatInt(-int64(most)-1, 10) + " to " + strconv.FormatUint(most, 10)
	}
	return "0 to " + strconv.FormatUint(most, 10)
}

// misfit fails at an offset, and says that what is there has another type.
func (p *literalParser) misfit(offset int, message string) Value {
	if p.err == nil {
		p.err = &SyntaxError{Offset: offset, Message: message, is: ErrType}
	}
	return Value{}
}

// expected fails with what comes next, which is no literal of type t.
func (p *literalParser) expected(t *TypeDesc) Value {
	found := p.found()
	return p.misfit(p.pos, "expected "+t.label()+", got "+found)
}

// label names the type in an error.
func (t *TypeDesc) label() string {
	text := shortText(t.String())
	switch {
	case t.Kind != KindRecord && t.Kind != KindVariant:
		return text
	case text == "":
		return "a " + t.Kind.String()
	}
	return t.Kind.String() + " '" + text + "'"
}

// found says what the literal that comes next is.
func (p *literalParser) found() string {
	c := p.peek()
	switch {
	case p.pos >= len(p.s):
		return p.next()
	case c == '"':
		return "a string"
	case c == '\'':
		return "a char"
	case c == 'b' && strings.HasPrefix(p.s[p.pos:], `b"`):
		return "bytes"
	case c == '(':
		return "a tuple"
	case c == '[':
		return "a list"
	case c == '{':
		return "a record"
	case c == '-' || isDigit(c):
		number := literalParser{s: p.s, pos: p.pos}
		number.digits()
		number.suffix()
		return shortText(p.s[p.pos:number.pos])
	case isIdentStart(c):
		return "'" + shortText(p.s[p.pos:identEnd(p.s, p.pos)]) + "'"
	}
	return p.next()
}

// maxShown bounds what an error repeats of a literal and says of a type, in bytes.
const maxShown = 100

func shortText(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return strings.ToValidUTF8(s[:maxShown], "") + "…"
}
