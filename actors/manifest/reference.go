package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// maxReference bounds a reference, in bytes.
const maxReference = 1024

// ReferenceError says why a guest's reference gives it no manifest. Its text is
// for the guest: it names the reference and the kind of the problem, and quotes
// neither a file's content nor a path of the machine.
type ReferenceError struct {
	Reference, Reason string
	// Err is the cause, where there is one. It may quote the manifest: it is for
	// the operator.
	Err error
}

// Error returns the text for the guest.
func (e *ReferenceError) Error() string {
	return fmt.Sprintf("manifest %q %s", e.Reference, e.Reason)
}

// Unwrap returns the cause.
func (e *ReferenceError) Unwrap() error { return e.Err }

// Reference returns the manifest that a guest of this one names, with the
// manifests of its children: a relative path with slashes, of a file or of a
// folder that holds [FileName]. Everything is found below Dir, through symbolic
// links too: the manifest, its children's manifests and, when they are read, the
// packages of them all. The error is a [*ReferenceError], whose text may be given
// to the guest; errors.Is with fs.ErrNotExist tells a missing manifest.
//
// Only a manifest that Load or Reference read, that Parse was given an absolute
// file name for, or that was put in a folder, knows the folder that it lies in.
// The others refuse every reference.
func (m *Manifest) Reference(ref string, reg Registry) (*Manifest, error) {
	if reason := m.refuse(ref); reason != "" {
		if len(ref) > maxReference {
			ref = strings.ToValidUTF8(ref[:64], "") + "..."
		}
		return nil, &ReferenceError{Reference: ref, Reason: reason}
	}
	l := newLoader(reg)
	in := m.folder().root()
	path, data, _, err := l.read(in, filepath.FromSlash(ref))
	switch {
	case errors.Is(err, fs.ErrNotExist) && !in.exists():
		return nil, &ReferenceError{ref, "cannot be found: the folder that the actor's own manifest lay in is gone", err}
	case errors.Is(err, fs.ErrNotExist):
		return nil, &ReferenceError{ref, "is not there: the folder of the actor's own manifest has no such file", err}
	case err != nil:
		return nil, &ReferenceError{ref, "cannot be read: " + err.Error(), err}
	}
	found := l.parse(data, path, in)
	if err := l.walk(found); err != nil {
		return nil, &ReferenceError{ref, l.summary(ref), err}
	}
	return found, nil
}

// refuse returns why no file is looked for; "" where one is.
func (m *Manifest) refuse(ref string) string {
	path := filepath.FromSlash(ref)
	switch scheme, _, isURL := strings.Cut(ref, "://"); {
	case ref == "":
		return "is empty: name a file or folder below the actor's own manifest"
	case len(ref) > maxReference:
		return fmt.Sprintf("is longer than %d bytes", maxReference)
	case strings.ContainsFunc(ref, unicode.IsControl):
		return "has control characters"
	case isURL && scheme == "store":
		return "is in a store: this build has no store to fetch it from"
	case isURL:
		return "is a URL: this build has no capability to fetch it"
	case filepath.IsAbs(path) || strings.HasPrefix(ref, "/"):
		return "is an absolute path: name a file or folder below the actor's own manifest"
	case slices.Contains(strings.Split(filepath.ToSlash(path), "/"), ".."):
		return "has .. in it: name a file or folder below the actor's own manifest"
	case !filepath.IsLocal(path):
		return "is not a relative path"
	case !m.read || m.Dir == "":
		return "cannot be found: it is not known here which folder the actor's own manifest lies in"
	}
	return ""
}

// summary says what is wrong with a tree without saying what is in it.
func (l *loader) summary(ref string) string {
	n := len(l.problems) - l.unread
	switch {
	case n == 1:
		return "is not valid: it has 1 problem, which theater validate " + ref + " shows"
	case n > 1:
		return fmt.Sprintf("is not valid: it has %d problems, which theater validate %s shows", n, ref)
	}
	return "is not valid: it declares children whose manifests cannot be read in the folder of the actor's own manifest"
}
