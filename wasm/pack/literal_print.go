package pack

import (
	"math"
	"strconv"
)

// appendLiteral writes v as a literal.
func appendLiteral(b []byte, v Value) []byte {
	switch k := v.Kind(); k {
	case KindBool:
		return strconv.AppendBool(b, v.num != 0)
	case KindU8, KindU16, KindU32, KindU64:
		return append(strconv.AppendUint(b, v.num, 10), k.String()...)
	case KindS8, KindS16, KindS32, KindS64:
		return append(strconv.AppendInt(b, int64(v.num), 10), k.String()...)
	case KindF32, KindF64:
		return append(appendFloat(b, v.float(), 8*k.width()), k.String()...)
	case KindChar:
		return appendChar(b, rune(v.num))
	case KindString:
		return appendQuoted(b, v.str)
	case KindFlags:
		return append(strconv.AppendUint(append(b, "flags(0x"...), v.num, 16), ')')
	case KindTuple:
		return appendItems(b, v, '(', ')')
	case KindList:
		if v.Len() == 0 {
			return append(append(append(b, "[]<"...), v.Type().Items()[0].String()...), '>')
		}
		return appendItems(b, v, '[', ']')
	case KindOption:
		word := "none<"
		if v.flag == 1 {
			word = "some<"
		}
		return appendHeld(b, v, word)
	case KindResult:
		word := "err<"
		if v.flag == 1 {
			word = "ok<"
		}
		return appendHeld(b, v, word)
	case KindRecord:
		return appendRecord(b, v)
	default:
		b = append(append(append(b, v.typeName()...), "::"...), v.caseName()...)
		if v.Len() == 0 {
			return b
		}
		return appendItems(b, v, '(', ')')
	}
}

func appendItems(b []byte, v Value, open, end byte) []byte {
	b = append(b, open)
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendLiteral(b, v.At(i))
	}
	return append(b, end)
}

// appendHeld writes an option or result.
func appendHeld(b []byte, v Value, word string) []byte {
	b = append(b, word...)
	for pos := 0; pos < len(v.str); {
		if pos > 0 {
			b = append(b, ", "...)
		}
		b, pos = appendTypeText(b, v.str, pos)
	}
	b = append(b, '>')
	if len(v.items) == 0 {
		return b
	}
	return append(appendLiteral(append(b, '('), v.items[0]), ')')
}

func appendRecord(b []byte, v Value) []byte {
	b = append(append(b, v.typeName()...), '{')
	pos := v.names()
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ", "...)
		}
		var name string
		name, pos = v.nameAt(pos)
		b = append(append(b, name...), ": "...)
		b = appendLiteral(b, v.items[i])
	}
	return append(b, '}')
}

// appendFloat writes the shortest decimal that reads back the same, never with
// an exponent and always with a point.
func appendFloat(b []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "NaN"...)
	case math.IsInf(f, 1):
		return append(b, "inf"...)
	case math.IsInf(f, -1):
		return append(b, "-inf"...)
	}
	start := len(b)
	b = strconv.AppendFloat(b, f, 'f', -1, bits)
	for _, c := range b[start:] {
		if c == '.' {
			return b
		}
	}
	return append(b, ".0"...)
}

func appendChar(b []byte, r rune) []byte {
	b = append(b, '\'')
	if r == '\'' {
		b = append(b, `\'`...)
	} else if r == '"' {
		b = append(b, '"')
	} else {
		b = appendEscaped(b, string(r))
	}
	return append(b, '\'')
}

func appendQuoted(b []byte, s string) []byte {
	return append(appendEscaped(append(b, '"'), s), '"')
}

func appendEscaped(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			b = append(b, c)
		}
	}
	return b
}
