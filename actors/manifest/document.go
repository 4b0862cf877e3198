package manifest

import (
	"reflect"
	"strings"
)

// Document is a TOML file that was decoded; it knows where its keys stand. The node's
// own settings are read with it, as strictly as a manifest.
type Document struct {
	decoder
	root *place
}

// Decode fills a struct, whose fields name their keys in toml tags, with what a file
// says; what it is silent about stays as it is. Fields are strings, booleans,
// numbers, time.Duration, slices, structs, which are tables, and what is an
// encoding.TextUnmarshaler. A key that the struct lacks is a problem. The file name
// is used in messages; nothing is read from it. The error is an [Errors] with all
// that is wrong; the document is there all the same, and what is right in it is filled
// in.
func Decode(data []byte, file string, into any) (*Document, error) {
	d := &Document{decoder: decoder{file: file, lines: newLines(data)}}
	if len(data) > maxFileSize {
		d.report(nil, "", "is larger than "+size(maxFileSize).String(), "")
		return d, d.problems
	}
	var table map[string]any
	if d.root, table = d.document(data); table != nil {
		d.fields(d.root, "", table, reflect.ValueOf(into).Elem())
	}
	if len(d.problems) > 0 {
		return d, d.problems.sorted(nil)
	}
	return d, nil
}

// Has reports whether the file says something of a dotted key.
func (d *Document) Has(key string) bool { return d.place(key) != nil }

// Problem is one with the value of a key, for the caller to return.
func (d *Document) Problem(key, reason string) *Error {
	at := d.lines.at(d.place(key))
	return &Error{File: d.file, Line: at.line, Column: at.column, Key: key, Reason: reason}
}

func (d *Document) place(key string) *place {
	at := d.root
	for part := range strings.SplitSeq(key, ".") {
		at = at.key(part)
	}
	return at
}
