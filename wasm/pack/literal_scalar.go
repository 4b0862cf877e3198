package pack

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

func (p *literalParser) text() Value { return String(p.quoted(false)) }

// bytes reads b"text", a list<u8>.
func (p *literalParser) bytes() Value {
	p.accept("b")
	return Bytes([]byte(p.quoted(true)))
}

// quoted reads what stands in quotes: a text, or any bytes.
func (p *literalParser) quoted(bytes bool) string {
	p.pos++
	var b strings.Builder
	for {
		n := strings.IndexAny(p.s[p.pos:], `"\`)
		if n < 0 {
			p.pos = len(p.s)
			p.fail("unterminated string")
			return ""
		}
		whole := p.s[p.pos : p.pos+n]
		p.pos += n + 1
		if p.s[p.pos-1] == '"' {
			if b.Len() == 0 {
				return whole
			}
			b.WriteString(whole)
			return b.String()
		}
		b.WriteString(whole)
		r, isByte := p.escape('"', bytes)
		switch {
		case p.err != nil:
			return ""
		case isByte:
			b.WriteByte(byte(r))
		default:
			b.WriteRune(r)
		}
	}
}

// controls are the characters that have a letter. All that commands write with these,
// and with \x, \u and \U where it could act on a terminal, can be typed.
var controls = map[byte]rune{'n': '\n', 'r': '\r', 't': '\t', 'a': '\a', 'b': '\b', 'f': '\f', 'v': '\v'}

// hexDigits is how many follow the letter of an escaped character.
var hexDigits = map[byte]int{'x': 2, 'u': 4, 'U': 8}

// escape reads what follows a backslash. With bytes \x is any byte, else a character
// of ASCII.
func (p *literalParser) escape(quote byte, bytes bool) (r rune, isByte bool) {
	c := p.peek()
	if p.pos >= len(p.s) {
		p.fail("unterminated string")
		return 0, false
	}
	if c == '\\' || c == quote {
		p.pos++
		return rune(c), false
	}
	if r, ok := controls[c]; ok {
		p.pos++
		return r, false
	}
	if n := hexDigits[c]; n > 0 && len(p.s)-p.pos > n {
		v, err := strconv.ParseUint(p.s[p.pos+1:p.pos+1+n], 16, 32)
		if err == nil && (c == 'x' && (bytes || v < utf8.RuneSelf) || c != 'x' && v <= utf8.MaxRune && utf8.ValidRune(rune(v))) {
			p.pos += 1 + n
			return rune(v), c == 'x'
		}
	}
	p.fail(`unknown escape '\` + strings.Trim(p.next(), "'") + "'")
	return 0, false
}

func (p *literalParser) char() Value {
	p.pos++
	if p.accept(`\`) {
		r, _ := p.escape('\'', false)
		p.expect('\'')
		return Char(r)
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

// digits takes a number without its suffix.
func (p *literalParser) digits() string {
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
	return p.s[start:p.pos]
}

func (p *literalParser) number() Value {
	digits := p.digits()
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
		if p.loose {
			return Value{}
		}
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

func (p *literalParser) flags() Value {
	p.pos += len("(0x")
	start := p.pos
	for isHex(p.peek()) {
		p.pos++
	}
	digits := p.s[start:p.pos]
	bits, err := strconv.ParseUint(digits, 16, 64)
	if digits == "" {
		p.fail("invalid flags hex: cannot parse integer from empty string")
	} else if err != nil {
		p.fail("invalid flags hex: number too large to fit in target type")
	}
	p.expect(')')
	return Flags(bits)
}

func isHex(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
