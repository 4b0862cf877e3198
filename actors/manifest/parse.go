package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

const (
	tooDeep     = "nested too deep"
	tooManyKeys = "too many keys"
)

// Parse reads a manifest. The file name is used in messages and fixes Dir;
// nothing is read from it, and the children's manifests are not read either. A
// manifest with problems is not returned; the error is then an [Errors] with all
// of them.
func Parse(data []byte, file string, reg Registry) (*Manifest, error) {
	m, problems := parse(data, file, reg)
	if len(problems) > 0 {
		return nil, problems.sorted(nil)
	}
	return m, nil
}

// parse is Parse that also returns what it understood of a manifest with
// problems, whose children may be read; nil where that is nothing.
func parse(data []byte, file string, reg Registry) (*Manifest, Errors) {
	d := &decoder{file: file}
	if len(data) > maxFileSize {
		d.report(nil, "", fmt.Sprintf("is larger than %s", size(maxFileSize)), "")
		return nil, d.problems
	}
	d.lines = newLines(data)
	root, document := d.document(data)
	if document == nil {
		return nil, d.problems
	}
	m := defaults()
	m.File, m.Dir, m.Raw = file, filepath.Dir(file), bytes.Clone(data)
	m.read = filepath.IsAbs(file)
	m.packageAt, m.sumAt = d.lines.at(root.key("package")), d.lines.at(root.key("sha256"))
	r := reader{decoder: d, manifest: m, registry: reg}
	decodeKeys(d, keys, m, root, "", document)
	unknownKeys(d, keys, []string{"handler", "permission_policy", "child"}, root, "", "", document)
	r.supervision(root.key("supervision"))
	r.children(root.key("child"), document["child"], root.key("supervision").key("strategy"))
	r.handlers(root.key("handler"), document["handler"])
	r.policies(root.key("permission_policy"), document["permission_policy"])
	return m, d.problems
}

// document parses the TOML within the bounds; nil when it is refused.
func (d *decoder) document(data []byte) (*place, map[string]any) {
	root, reason := locate(data)
	if reason != "" {
		d.report(root, "", reason, fmt.Sprintf("at most %d keys and %d levels", maxKeys, maxDepth))
		return nil, nil
	}
	document := map[string]any{}
	err := toml.Unmarshal(data, &document)
	if err == nil {
		return root, document
	}
	// The library's messages carry keys of the document, which may be hostile.
	p := &Error{File: d.file, Reason: printable(strings.TrimPrefix(err.Error(), "toml: ")), Err: err}
	var at *toml.DecodeError
	if errors.As(err, &at) {
		p.Line, p.Column = at.Position()
		for _, part := range at.Key() {
			p.Key = child(p.Key, part)
		}
	}
	d.problems = append(d.problems, p)
	return nil, nil
}

// reader turns a document into a manifest.
type reader struct {
	*decoder
	manifest *Manifest
	registry Registry
}

// decodeKeys decodes what a table of keys has of a document's table into a
// value. The name is the table's own, "" at the top.
func decodeKeys[T any](d *decoder, keys []key[T], into *T, at *place, name string, table map[string]any) {
	for _, k := range keys {
		full := join(name, k.Key)
		value, place, ok := find(at, table, k.Key)
		if !ok {
			if k.Default == required {
				d.report(at, full, "is missing", "")
			}
			continue
		}
		field := k.field(into)
		if !d.decode(place, full, value, reflect.ValueOf(field).Elem()) || k.check == nil {
			continue
		}
		if reason := k.check(field); reason != "" {
			word, _ := value.(string)
			d.report(place, full, reason, nearest(word, k.choices))
		}
	}
}

// find returns the value of a dotted key. A group of another type than a table
// has none; it is reported with the unknown keys.
func find(at *place, table map[string]any, dotted string) (value any, place *place, ok bool) {
	for {
		group, rest, nested := strings.Cut(dotted, ".")
		if !nested {
			value, ok = table[dotted]
			return value, at.key(dotted), ok
		}
		table, _ = table[group].(map[string]any)
		at, dotted = at.key(group), rest
	}
}

// unknownKeys reports what a document's table, or the group of it that is
// given, has beyond the table of keys and the others, and looks into the groups
// below.
func unknownKeys[T any](d *decoder, keys []key[T], others []string, at *place, name, group string, table map[string]any) {
	names := append(namesIn(keys, group), others...)
	for leaf, value := range table {
		inner := join(group, leaf)
		full := join(name, inner)
		switch {
		case !slices.Contains(names, leaf):
			d.report(at.key(leaf), child(join(name, group), leaf), "unknown key", elsewhere(leaf, names, name != ""))
		case len(namesIn(keys, inner)) > 0:
			if below := d.table(at.key(leaf), full, value); below != nil {
				unknownKeys(d, keys, nil, at.key(leaf), name, inner, below)
			}
		}
	}
}

// namesIn lists the keys and groups in a group, or those at the top for "".
func namesIn[T any](keys []key[T], group string) []string {
	var names []string
	for _, k := range keys {
		rest, ok := k.Key, true
		if group != "" {
			rest, ok = strings.CutPrefix(k.Key, group+".")
		}
		first, _, _ := strings.Cut(rest, ".")
		if ok && !slices.Contains(names, first) {
			names = append(names, first)
		}
	}
	return names
}

// elsewhere returns the hint for a key that stands in the wrong table, or the
// nearest name.
func elsewhere(name string, names []string, inChild bool) string {
	for _, k := range keys {
		group, ok := strings.CutSuffix(k.Key, "."+name)
		switch {
		case k.Key != name && !ok, strings.Contains(name, "."):
		case inChild:
			return name + " is a key of the child's own manifest"
		case ok:
			return name + " is a key of [" + group + "]"
		default:
			return name + " is a key of the top level: write it above the first table"
		}
	}
	for _, k := range childKeys {
		if k.Key == name && !inChild && name != "type" { // which other tables have too
			return name + " is a key of [[child]]"
		}
	}
	return suggest(name, names)
}

// printable escapes what a terminal would not show.
func printable(text string) string {
	quoted := strconv.QuoteToGraphic(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
