package cli

import (
	"bytes"
	"context"
	"io"
	"strings"
)

// completeBash is complete for bash, which takes what stands before a colon for words
// of their own: of the last word it is offered what comes behind the last colon.
func (p *program) completeBash(ctx context.Context, words []string) {
	words, before := fromBash(words)
	inner := *p
	inner.out = &shortened{to: p.out, before: before}
	inner.complete(ctx, words)
}

// shortened writes lines, each of which Write has one, without how they begin.
type shortened struct {
	to     io.Writer
	before string
}

func (s *shortened) Write(line []byte) (int, error) {
	if _, err := s.to.Write(bytes.TrimPrefix(line, []byte(s.before))); err != nil {
		return 0, err
	}
	return len(line), nil
}

// fromBash are words as they are meant, of those that bash has: with their quotes and
// backslashes, and with a flag, its = and its value, and what stands around a colon,
// taken for three. before is what of the last word bash has in other words.
func fromBash(words []string) (meant []string, before string) {
	var whole []string
	glued := false
	for _, w := range words {
		last := len(whole) - 1
		switch {
		case last >= 0 && w == ":":
			whole[last] += w
			before = whole[last]
			glued = true
			continue
		case glued:
			whole[last] += w
		default:
			whole, before = append(whole, w), ""
		}
		glued = false
	}
	whole = joined(whole)
	for i, w := range whole {
		whole[i] = unquoted(w)
	}
	return whole, before
}

// joined are words without the = between a flag and its value.
func joined(words []string) []string {
	var all []string
	for _, w := range words {
		n := len(all)
		switch {
		case n > 0 && w == "=" && strings.HasPrefix(all[n-1], "--") && !strings.Contains(all[n-1], "="):
			all = append(all, "")
		case n > 1 && all[n-1] == "" && strings.HasPrefix(all[n-2], "--"):
			all[n-1] = w
		default:
			all = append(all, w)
		}
	}
	return all
}

// unquoted is a word without its quotes, which may not be closed yet.
func unquoted(word string) string {
	var b strings.Builder
	var quote rune
	escaped := false
	for _, r := range word {
		switch {
		case escaped:
			b.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped = true
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case r == quote:
			quote = 0
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
