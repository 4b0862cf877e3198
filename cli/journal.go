package cli

import (
	"context"
	"log/slog"
	"slices"
)

// journal shows what the node logs of errors as news. Those of an actor name it by
// its path.
type journal struct {
	tell  func(news)
	attrs []slog.Attr
}

// Enabled implements slog.Handler.
func (j journal) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

// Handle implements slog.Handler.
func (j journal) Handle(_ context.Context, r slog.Record) error {
	who, text := "", r.Message
	show := func(a slog.Attr) bool {
		switch a.Key {
		case "actor":
			who = a.Value.String() + ": "
		case "id": // the path says it
		case "error":
			text += ": " + a.Value.String()
		default:
			text += ", " + a.Key + " " + a.Value.String()
		}
		return true
	}
	for _, a := range j.attrs {
		show(a)
	}
	r.Attrs(show)
	j.tell(news{what: "error", text: escape(who + text), bad: true})
	return nil
}

// WithAttrs implements slog.Handler.
func (j journal) WithAttrs(attrs []slog.Attr) slog.Handler {
	j.attrs = append(slices.Clip(j.attrs), attrs...)
	return j
}

// WithGroup implements slog.Handler. Groups are not told apart.
func (j journal) WithGroup(string) slog.Handler { return j }
