package cli

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/theater-go/theater/actors/manifest"
)

// suggest writes a manifest that grants the handlers and no more.
func (i *inspection) suggest(handlers []string, registry manifest.Registry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "name = %s\nversion = \"0.1.0\"\npackage = %s\n", quoteTOML(actorName(i.file)), quoteTOML(i.file))
	fmt.Fprintf(&b, "# sha256 = \"%x\"  # pins this very file\n", i.Sum)
	for _, h := range handlers {
		fmt.Fprintf(&b, "\n[[handler]]\ntype = %s\n", quoteTOML(h))
		if config, ok := registry.NewConfig(h); ok {
			b.WriteString(settings(config))
		}
	}
	if need, usual := i.Memory.Min<<16, uint64(manifest.DefaultLimits().Memory); need > usual {
		fmt.Fprintf(&b, "\n[limits]\nmemory = \"%dMiB\"  # it begins with %s\n", (need+usual)>>20, size(need))
	}
	return b.String()
}

// settings are the keys of a handler's table, for people to decide about.
func settings(config any) string {
	var b strings.Builder
	fields := reflect.Indirect(reflect.ValueOf(config))
	if fields.Kind() != reflect.Struct {
		return ""
	}
	for n := range fields.NumField() {
		key := fields.Type().Field(n).Tag.Get("toml")
		value := fmt.Sprint(fields.Field(n))
		if fields.Field(n).Kind() == reflect.String {
			value = quoteTOML(value)
		}
		if key != "" && key != "-" {
			fmt.Fprintf(&b, "# %s = %s  # for you to decide\n", key, value)
		}
	}
	return b.String()
}

// actorName makes the name of a file that of an actor.
func actorName(path string) string {
	name := strings.Map(func(r rune) rune {
		if r == '~' || r == utf8.RuneError || !unicode.IsPrint(r) {
			return '-'
		}
		return r
	}, strings.TrimSuffix(filepath.Base(path), ".wasm"))
	name = strings.TrimSpace(cut(name, 64))
	if name == "" || name == "." || name == ".." {
		return "actor"
	}
	return name
}

// quoteTOML is a basic string of TOML.
func quoteTOML(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case !unicode.IsGraphic(r):
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
