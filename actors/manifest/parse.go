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
// nothing is read from it. A manifest with problems is not returned; the error
// is then an [Errors] with all of them.
func Parse(data []byte, file string, reg Registry) (*Manifest, error) {
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
	m.packageAt, m.sumAt = d.lines.at(root.key("package")), d.lines.at(root.key("sha256"))
	r := reader{decoder: d, manifest: m, registry: reg}
	r.known(root, document)
	r.unknown(root, "", document)
	r.handlers(root.key("handler"), document["handler"])
	r.policies(root.key("permission_policy"), document["permission_policy"])
	if len(d.problems) > 0 {
		return nil, d.problems.sorted()
	}
	return m, nil
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

// known decodes the keys of the table of keys.
func (r *reader) known(root *place, document map[string]any) {
	for _, k := range keys {
		table, at, name := document, root, k.Key
		if group, leaf, ok := strings.Cut(k.Key, "."); ok {
			// A group of another type is reported with the unknown keys.
			table, _ = document[group].(map[string]any)
			at, name = root.key(group), leaf
		}
		value, ok := table[name]
		if !ok {
			if k.Default == required {
				r.report(root, k.Key, "is missing", "")
			}
			continue
		}
		field := k.field(r.manifest)
		if !r.decode(at.key(name), k.Key, value, reflect.ValueOf(field).Elem()) || k.check == nil {
			continue
		}
		if reason := k.check(field); reason != "" {
			r.report(at.key(name), k.Key, reason, "")
		}
	}
}

// unknown reports the keys of a table that the table of keys does not have,
// and recurses into the groups that it has.
func (r *reader) unknown(at *place, group string, table map[string]any) {
	names := namesIn(group)
	for name, value := range table {
		full := child(group, name)
		switch {
		case !slices.Contains(names, name):
			r.report(at.key(name), full, "unknown key", elsewhere(name, names))
		case group == "" && len(namesIn(name)) > 0:
			if inner := r.table(at.key(name), full, value); inner != nil {
				r.unknown(at.key(name), name, inner)
			}
		}
	}
}

// namesIn lists the keys of a group, or of the top level for "".
func namesIn(group string) []string {
	var names []string
	if group == "" {
		names = append(names, "handler", "permission_policy")
	}
	for _, k := range keys {
		first, leaf, nested := strings.Cut(k.Key, ".")
		switch {
		case group == "" && !slices.Contains(names, first):
			names = append(names, first)
		case nested && group == first:
			names = append(names, leaf)
		}
	}
	return names
}

// elsewhere returns the hint for a key that stands in the wrong table, or the
// nearest name.
func elsewhere(name string, names []string) string {
	for _, k := range keys {
		group, leaf, nested := strings.Cut(k.Key, ".")
		switch {
		case k.Key == name:
			return name + " is a key of the top level: write it above the first table"
		case nested && leaf == name:
			return name + " is a key of [" + group + "]"
		}
	}
	return suggest(name, names)
}

// printable escapes what a terminal would not show.
func printable(text string) string {
	quoted := strconv.QuoteToGraphic(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
