package pack

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

func (p *literalParser) text() Value {
	p.pos++
	var b strings.Builder
	for {
		n := strings.IndexAny(p.s[p.pos:], `"\`)
		if n < 0 {
			p.pos = len(p.s)
			p.fail("unterminated string")
			return Value{}
		}
		whole := p.s[p.pos : p.pos+n]
		p.pos += n + 1
		if p.s[p.pos-1] == '"' {
			if b.Len() == 0 {
				return String(whole)
			}
			b.WriteString(whole)
			return String(b.String())
		}
		b.WriteString(whole)
		c := p.escape('"')
		if p.err != nil {
			return Value{}
		}
		b.WriteByte(c)
	}
}

// escape reads what follows a backslash.
func (p *literalParser) escape(quote byte) byte {
	c := p.peek()
	switch c {
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case '\\', quote:
	default:
		if p.pos >= len(p.s) {
			p.fail("unterminated string")
			return 0
		}
		p.fail(`unknown escape '\` + strings.Trim(p.next(), "'") + "'")
		return 0
	}
	p.pos++
	return c
}

func (p *literalParser) char() Value {
	p.pos++
	if p.accept(`\`) {
		c := p.escape('\'')
		p.expect('\'')
		return Char(rune(c))
	}
	if p.pos >= len(p.s) {
		p.fail("unterminated char")
		return Value{}
	}
	r, n := utf8.DecodeRuneInString(p.s[p.pos:])
	p.pos += n
	p.expect('\'')
	return Char(r)
}

func (p *literalParser) number() Value {
	start := p.pos
	p.accept("-")
	for isDigit(p.peek()) {
		p.pos++
	}
	if p.accept(".") {
		for isDigit(p.peek()) {
			p.pos++
		}
	}
	digits := p.s[start:p.pos]
	kind := p.suffix()
	switch kind {
	case KindF32, KindF64:
		f, err := strconv.ParseFloat(digits, 8*kind.width())
		if err != nil && !math.IsInf(f, 0) {
			p.fail("invalid float literal")
		}
		if kind == KindF32 {
			return F32(float32(f))
		}
		return F64(f)
	case KindValue:
		p.fail("number '" + digits + "' missing type suffix (e.g. u32, s64, f32)")
		return Value{}
	}
	n, problem := parseInteger(digits, kind)
	if problem != "" {
		p.fail(problem)
	}
	return Value{kind: kind, num: n}
}

// suffix takes the type at the end of a number, KindValue when there is none.
func (p *literalParser) suffix() Kind {
	end := p.pos
	for end < len(p.s) && end-p.pos < 4 && (isDigit(p.s[end]) || isIdentStart(p.s[end]) && p.s[end] != '_') {
		end++
	}
	switch kind := scalarKinds[p.s[p.pos:end]]; kind {
	case KindBool, KindChar, KindString, KindFlags, KindValue:
		return KindValue
	default:
		p.pos = end
		return kind
	}
}

// parseInteger reads a decimal number of that kind, sign extended, or says why not.
func parseInteger(s string, kind Kind) (n uint64, problem string) {
	bits := 8 * kind.width()
	signed := kind == KindS8 || kind == KindS16 || kind == KindS32 || kind == KindS64
	most, outside := uint64(math.MaxUint64)>>(64-bits), "number too large to fit in target type"
	negative := false
	if signed {
		most >>= 1
		if s, negative = strings.CutPrefix(s, "-"); negative {
			most, outside = most+1, "number too small to fit in target type"
		}
	}
	if s == "" {
		return 0, "invalid digit found in string"
	}
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, "invalid digit found in string"
		}
		digit := uint64(s[i] - '0')
		if n > (most-digit)/10 {
			return 0, outside
		}
		n = n*10 + digit
	}
	if negative {
		n = -n
	}
	return n, ""
}
