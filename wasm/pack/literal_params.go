package pack

import (
	"errors"
	"strconv"
	"strings"
)

// ParseParams reads the parameters of a call as the types that are declared, as
// [ParseLiteralAs] does: a tuple of them, or the only one, which may also be in a
// tuple. A guest takes the only one out of a tuple of one, and a tuple without a
// tuple around it, and so does ParseParams. The error names the parameter.
func ParseParams(s string, takes []Param) (Value, error) {
	readings := []func(*literalParser) Value{func(p *literalParser) Value { return p.paramsAs(takes, 1) }}
	if len(takes) == 1 {
		readings = onlyReadings(s, &takes[0])
	}
	var problem *SyntaxError
	for _, read := range readings {
		p := newLiteralParser(s)
		v, err := p.whole(read(&p))
		if err == nil {
			return v, nil
		}
		if e := (*SyntaxError)(nil); errors.As(err, &e) && (problem == nil || e.Offset > problem.Offset) {
			problem = e // that of the reading which came furthest
		}
	}
	return Value{}, problem
}

// onlyReadings are the ways to write a parameter that is the only one.
func onlyReadings(s string, only *Param) []func(*literalParser) Value {
	alone := func(depth int) func(*literalParser) Value {
		return func(p *literalParser) Value { return p.paramAs(only, depth) }
	}
	within := func(depth int) func(*literalParser) Value {
		return func(p *literalParser) Value { return p.paramsAs([]Param{*only}, depth) }
	}
	isTuple := only.Type.Kind == KindTuple
	text := strings.TrimLeftFunc(s, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) })
	switch {
	case !strings.HasPrefix(text, "(") && isTuple && len(only.Type.Items) == 1:
		first := &Param{only.Name, only.Type.Items[0]}
		return []func(*literalParser) Value{func(p *literalParser) Value { return p.paramAs(first, 1) }}
	case !strings.HasPrefix(text, "("):
		return []func(*literalParser) Value{alone(1)}
	}
	readings := []func(*literalParser) Value{within(1)}
	if isTuple {
		readings = append(readings, alone(1))
	}
	twice := func(p *literalParser) Value {
		p.begin(1)
		return Tuple(p.exactly(1, "1 parameter", nil, func(int) Value { return within(2)(p) })...)
	}
	return append(readings, twice)
}

// paramsAs reads a tuple of all.
func (p *literalParser) paramsAs(takes []Param, depth int) Value {
	p.begin(depth)
	what := strconv.Itoa(len(takes)) + " parameters"
	if len(takes) == 1 {
		what = "1 parameter"
	}
	if p.err == nil && p.peek() != '(' {
		return p.misfit(p.pos, "expected "+what+" in a tuple, got "+p.found())
	}
	name := func(i int) string { return takes[i].label() }
	return Tuple(p.exactly(len(takes), what, name, func(i int) Value { return p.paramAs(&takes[i], depth+1) })...)
}

func (p *literalParser) paramAs(param *Param, depth int) Value {
	v := p.valueAs(&param.Type, depth)
	if e, ok := p.err.(*SyntaxError); ok {
		e.Message = "in " + param.label() + ": " + e.Message
	}
	return v
}

// label names the parameter in an error.
func (param *Param) label() string {
	return shortText(param.Name) + ": " + shortText(param.Type.String())
}
