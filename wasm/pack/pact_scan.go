package pack

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// pactScanner reads the tokens of a Pact source. It keeps its first error;
// after it nothing is left to read.
type pactScanner struct {
	s   string
	pos int
	err error
}

func (p *pactScanner) failAt(pos int, message string, limit error) {
	if p.err == nil {
		p.err = &SyntaxError{Offset: pos, Message: message, is: limit}
	}
}

func (p *pactScanner) fail(message string) { p.failAt(p.pos, message, nil) }

// deep refuses a depth above the limit.
func (p *pactScanner) deep(depth int) bool {
	if depth > MaxDepth {
		p.failAt(p.pos, ErrTooDeep.Error(), ErrTooDeep)
	}
	return p.err != nil
}

// peek skips space and comments and returns the next byte, 0 at the end and
// after an error.
func (p *pactScanner) peek() byte {
	for p.err == nil && p.pos < len(p.s) {
		c := p.s[p.pos]
		switch {
		case isSpace(c) || c == '\v':
			p.pos++
		case strings.HasPrefix(p.s[p.pos:], "//"):
			if n := strings.IndexByte(p.s[p.pos:], '\n'); n >= 0 {
				p.pos += n
			} else {
				p.pos = len(p.s)
			}
		default:
			return c
		}
	}
	return 0
}

// accept takes a punctuation mark when it comes next.
func (p *pactScanner) accept(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.pos++
	return true
}

func (p *pactScanner) expect(c byte) {
	if !p.accept(c) {
		p.unexpected("'" + string(rune(c)) + "'")
	}
}

// unexpected fails with what comes next.
func (p *pactScanner) unexpected(want string) {
	got := "end of file"
	if p.peek(); p.pos < len(p.s) {
		_, n := utf8.DecodeRuneInString(p.s[p.pos:])
		if end := identEnd(p.s, p.pos); end > p.pos {
			n = end - p.pos
		}
		got = "'" + p.s[p.pos:p.pos+n] + "'"
	}
	p.fail("expected " + want + ", got " + got)
}

// separators skips the optional ones.
func (p *pactScanner) separators() {
	for p.accept(',') || p.accept(';') {
	}
}

// end skips separators and takes a closing mark when it comes next. It is also
// true after an error, so that loops end.
func (p *pactScanner) end(c byte) bool {
	p.separators()
	if p.err == nil && p.peek() == 0 && p.pos >= len(p.s) {
		p.unexpected("'" + string(rune(c)) + "'")
	}
	return p.accept(c) || p.err != nil
}

// word is the identifier that comes next, without taking it.
func (p *pactScanner) word() string {
	p.peek()
	if p.err != nil {
		return ""
	}
	return p.s[p.pos:identEnd(p.s, p.pos)]
}

func (p *pactScanner) ident() string {
	name := p.word()
	if name == "" {
		p.unexpected("identifier")
	}
	p.pos += len(name)
	return name
}

// acceptWord takes that identifier when it comes next.
func (p *pactScanner) acceptWord(word string) bool {
	if p.word() != word {
		return false
	}
	p.pos += len(word)
	return true
}

func (p *pactScanner) text() string {
	p.expect('"')
	var b strings.Builder
	for p.err == nil {
		n := strings.IndexAny(p.s[p.pos:], "\"\\")
		if n < 0 || p.pos+n+1 >= len(p.s) && p.s[p.pos+n] == '\\' {
			p.fail("unterminated string")
			break
		}
		b.WriteString(p.s[p.pos : p.pos+n])
		p.pos += n + 1
		if p.s[p.pos-1] == '"' {
			break
		}
		i := strings.IndexByte(`ntr"\`, p.s[p.pos])
		if i < 0 {
			p.fail("unknown escape")
			break
		}
		b.WriteByte("\n\t\r\"\\"[i])
		p.pos++
	}
	return b.String()
}

// number reads an s64, or an f64 when there is a point.
func (p *pactScanner) number() Value {
	p.peek()
	start := p.pos
	for p.pos < len(p.s) && (isDigit(p.s[p.pos]) || p.s[p.pos] == '.' || p.s[p.pos] == '-' && p.pos == start) {
		p.pos++
	}
	digits := p.s[start:p.pos]
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return S64(n)
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		p.failAt(start, "invalid number", nil)
	}
	return F64(f)
}
