package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// loader reads a declared tree. A file is read once, however many children have
// it as their manifest.
type loader struct {
	registry Registry
	files    map[string]*Manifest // by the file's key; nil where it is no manifest
	flawed   map[*Manifest]bool   // those with problems of their own
	trees    map[*Manifest]tree   // those that were walked
	above    []*Manifest          // the manifests from the top to where the walk is
	actors   int                  // children declared so far
	full     bool                 // the walk ends: there are too many of them
	rank     map[string]int       // the order of the files, by name
	problems Errors
	unread   int // problems that are files which cannot be read
}

// tree is what a manifest declares, itself included.
type tree struct {
	levels int
	actors int  // children, itself not included
	sound  bool // no problem was found in it
}

func newLoader(reg Registry) *loader {
	return &loader{
		registry: reg, files: map[string]*Manifest{}, flawed: map[*Manifest]bool{},
		trees: map[*Manifest]tree{}, rank: map[string]int{},
	}
}

// parse reads one file of the tree, which was found from a folder. A manifest
// with problems is returned too, for its children may have some more.
func (l *loader) parse(data []byte, file string, from folder) *Manifest {
	m, problems := parse(data, file, l.registry)
	l.problems = append(l.problems, problems...)
	if m != nil {
		m.read = true
		if in := from.of(file); len(in.roots) > 0 {
			m.Dir, m.within = in.onMachine(), &in
		}
	}
	l.add(m, file, from, len(problems) > 0)
	return m
}

// add makes a manifest known, so that its file is not read again.
func (l *loader) add(m *Manifest, file string, from folder, flawed bool) {
	l.files[from.key(filepath.Clean(file))] = m
	l.flawed[m] = flawed
	if _, ok := l.rank[file]; !ok {
		l.rank[file] = len(l.rank)
	}
}

// walk reads the tree of a manifest, which is nil where its file is none.
func (l *loader) walk(top *Manifest) error {
	if top != nil {
		l.children(top)
	}
	if len(l.problems) > 0 {
		return l.problems.sorted(l.rank)
	}
	return nil
}

// children walks what a manifest declares.
func (l *loader) children(m *Manifest) tree {
	l.above = append(l.above, m)
	actors := l.actors
	t := tree{levels: 1, sound: !l.flawed[m]}
	for i := range m.Children {
		if l.full || len(l.problems) > maxProblems {
			t.sound = false
			break
		}
		below := l.child(m, i)
		t.levels = max(t.levels, below.levels+1)
		t.sound = t.sound && below.sound
	}
	t.actors = l.actors - actors
	l.above = l.above[:len(l.above)-1]
	l.trees[m] = t
	return t
}

// child walks one child, and attaches its manifest when all below it is sound.
func (l *loader) child(parent *Manifest, i int) tree {
	c := &parent.Children[i]
	m := c.Manifest
	if m == nil {
		if m = l.open(parent, i); m == nil {
			return tree{}
		}
	}
	if at := slices.Index(l.above, m); at >= 0 {
		l.report(parent, i, "declares itself through others: "+cycle(l.above[at:]), "")
		return tree{}
	}
	t, walked := l.trees[m]
	l.actors += 1 + t.actors
	switch {
	case len(l.above)+max(t.levels, 1) > maxLevels:
		l.report(parent, i, fmt.Sprintf("is more than %d levels from the top", maxLevels), "")
		return tree{}
	case l.actors > maxActors:
		l.full = true
		l.report(parent, i, fmt.Sprintf("is one of more than %d actors that are declared together", maxActors), "")
		return tree{}
	case !walked:
		t = l.children(m)
	}
	if t.sound {
		c.Attach(m)
	}
	return t
}

// open reads the manifest that a child names; nil where there is none.
func (l *loader) open(parent *Manifest, i int) *Manifest {
	name := parent.Children[i].File
	if name == "" {
		if key := childManifest(i); !l.reported(parent.File, key) {
			l.report(parent, i, "is missing", "")
		}
		return nil
	}
	in := parent.folder()
	path, data, m, err := l.read(in, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.unread++
		l.report(parent, i, "there is no file "+path, "").Err = err
	case err != nil:
		l.unread++
		l.report(parent, i, err.Error(), "").Err = err
	case data != nil:
		m = l.parse(data, path, in)
	}
	return m
}

// read reads a file, or returns what was in it when it was read before.
func (l *loader) read(in folder, name string) (path string, data []byte, m *Manifest, err error) {
	if path, err = in.resolve(name); err != nil {
		return path, nil, nil, err
	}
	files, err := in.open()
	if err != nil {
		return path, nil, nil, in.plain(err)
	}
	defer files.Close()
	if path, err = manifestAt(files, path); err != nil {
		return path, nil, nil, in.plain(err)
	}
	if m, ok := l.files[in.key(path)]; ok {
		return path, nil, m, nil
	}
	if data, err = readFile(files, path, maxFileSize); err != nil {
		return path, nil, nil, in.plain(err)
	}
	return path, data, nil, nil
}

// folder is where the manifest's children and package are found.
func (m *Manifest) folder() folder {
	if m.within != nil {
		return *m.within
	}
	return folder{dir: m.Dir}
}

// report adds a problem at a child's key manifest.
func (l *loader) report(parent *Manifest, i int, reason, hint string) *Error {
	p := parent.problem(parent.Children[i].at, childManifest(i), reason, hint, nil)
	l.problems = append(l.problems, p)
	return p
}

func (l *loader) reported(file, key string) bool {
	return slices.ContainsFunc(l.problems, func(p *Error) bool { return p.File == file && p.Key == key })
}

func childManifest(i int) string { return child(element("child", i), "manifest") }

// cycle names the manifests of a cycle, from the first to itself.
func cycle(manifests []*Manifest) string {
	var names []string
	for _, m := range append(slices.Clone(manifests), manifests[0]) {
		names = append(names, printable(m.File))
	}
	return strings.Join(names, " -> ")
}
