package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// manyTargets stands for any number of them.
const manyTargets = 1 << 30

// targetsOf is how many arguments of a command, the first ones, name live actors.
var targetsOf = map[string]int{
	"theater ps": 1, "theater tree": 1, "theater inspect": 1, "theater state": 1, "theater top": 1,
	"theater request": 1, "theater send": 1, "theater call": 1, "theater events": 1, "theater logs": 1,
	"theater restart": manyTargets, "theater stop": manyTargets, "theater kill": manyTargets,
	"theater replay": manyTargets, "theater chain verify": manyTargets, "theater chain show": 1,
}

// wordsOf are the arguments of a command that are one of several words.
var wordsOf = map[string][]string{"theater completion": {"bash", "zsh", "fish"}}

// takesFiles are the commands whose arguments are files or folders.
var takesFiles = map[string]bool{
	"theater run": true, "theater new": true, "theater build": true, "theater validate": true, "theater inspect": true, "theater spawn": true,
	"theater data info": true, "theater data convert": true, "theater data backup": true, "theater data restore": true, "theater data repair": true,
}

// lister is the value of a flag that takes one of several words.
type lister interface{ list() []string }

func (c *choice) list() []string { return c.words }

// list has the kinds, and behind a colon what a result or a lifecycle event may be.
func (f *kindFlag) list() []string {
	all := slices.Clone(kinds)
	for s := chain.ResultOK; s.String() != chain.Unknown; s++ {
		all = append(all, "result:"+s.String())
	}
	for k := chain.LifecycleRestart; k.String() != chain.Unknown; k++ {
		all = append(all, "lifecycle:"+k.String())
	}
	return all
}

func (f *streamFlag) list() []string { return guestStreams }

func (f *filterFlag) list() []string {
	var beginnings []string
	for _, k := range filterKeys {
		switch k {
		case "status":
			for _, s := range append(slices.Clone(liveStatuses), "ended", "suspended") {
				beginnings = append(beginnings, k+"="+s)
			}
		case "restarts":
			beginnings = append(beginnings, k+">=")
		default:
			beginnings = append(beginnings, k+"=")
		}
	}
	return beginnings
}

// moreFiles says to the scripts that files are candidates, too.
const moreFiles = ":files"

// complete answers the scripts: words are those typed so far, the last of which
// is to be completed. Where there is nothing to offer it offers nothing.
func (p *program) complete(ctx context.Context, words []string) {
	if len(words) == 0 {
		return
	}
	before, last := words[:len(words)-1], words[len(words)-1]
	at, rest, err := descend(p.app(before), before)
	if err != nil {
		return
	}
	t := at.read(rest)
	flag, value, isValue := strings.Cut(last, "=")
	switch {
	case t.open != nil:
		p.offer(last, "", valuesOf(t.open))
	case t.plain:
		p.completeArgument(ctx, at, t, last)
	case strings.HasPrefix(last, "-") && isValue:
		if f := at.find(flag); f != nil {
			p.offer(value, flag+"=", valuesOf(f))
		}
	case strings.HasPrefix(last, "-"):
		p.offer(last, "", at.flagNames())
	default:
		p.completeArgument(ctx, at, t, last)
	}
}

func (p *program) completeArgument(ctx context.Context, at level, t typedWords, last string) {
	name := at.String()
	candidates := append(at.commandNames(), wordsOf[name]...)
	if name == "theater inspect" {
		candidates = append(candidates, modulesAt(last)...)
	}
	if len(t.arguments) < targetsOf[name] {
		candidates = append(candidates, p.livePaths(ctx, t, last)...)
	}
	if name == "theater call" && len(t.arguments) == 1 {
		candidates = append(candidates, p.exports(ctx, t)...)
	}
	if takesFiles[name] && name != "theater inspect" {
		candidates = append(candidates, moreFiles)
	}
	p.offer(last, "", candidates)
}

// offer writes those candidates that a word may be the beginning of.
func (p *program) offer(word, lead string, candidates []string) {
	for _, c := range candidates {
		if strings.HasPrefix(c, word) || c == moreFiles {
			fmt.Fprintln(p.out, lead+c)
		}
	}
}

// valuesOf are the values that a flag may have.
func valuesOf(f cli.Flag) []string {
	switch f := f.(type) {
	case *cli.GenericFlag:
		if l, ok := f.Value.(lister); ok {
			return l.list()
		}
	case *cli.StringFlag, *cli.StringSliceFlag, *cli.PathFlag:
		return []string{moreFiles}
	case textFlag, pathsFlag:
		return settingValues(f.Names()[0])
	}
	return nil
}

// settingValues are those of the setting that has a flag.
func settingValues(flag string) []string {
	for _, k := range node.Keys() {
		switch {
		case k.Flag() != flag:
		case k.Type == "path", k.Type == "paths":
			return []string{moreFiles}
		default:
			return k.Words()
		}
	}
	return nil
}

// typedWords are what of a command stands there already.
type typedWords struct {
	arguments []string
	plain     bool              // what comes is an argument, for -- was before it
	flags     map[string]string // those that have a value
	open      cli.Flag          // one that waits for its value
}

// read reads the words behind a command. What is wrong with them is of no interest.
func (l level) read(words []string) typedWords {
	t := typedWords{flags: map[string]string{}}
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		switch {
		case word == "--":
			t.plain = true
			t.arguments = append(t.arguments, words...)
			return t
		case !strings.HasPrefix(word, "-") || word == "-":
			t.arguments = append(t.arguments, word)
			continue
		}
		flag, rest, err := l.flag(word, words)
		if err != nil {
			if name, _, has := strings.Cut(word, "="); len(words) == 0 && !has {
				t.open = l.find(name)
			}
			continue
		}
		words = rest
		if name, value, has := strings.Cut(flag, "="); has {
			t.flags[strings.TrimLeft(name, "-")] = value
		}
	}
	return t
}

// find is the flag that a word names, nil where there is none.
func (l level) find(word string) cli.Flag {
	name := strings.TrimLeft(word, "-")
	i := slices.IndexFunc(l.flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
	if i < 0 {
		return nil
	}
	return l.flags[i]
}

// completionTime bounds the question which actors live.
const completionTime = 200 * time.Millisecond

// livePaths are the paths of live actors that begin so. It is silent about everything
// that goes wrong.
func (p *program) livePaths(ctx context.Context, t typedWords, beginning string) (paths []string) {
	p.askQuickly(ctx, t, func(ctx context.Context, n *conn) {
		request := &theaterv1.ListRequest{PageSize: maxPage, Fields: []string{"path"}}
		if !strings.ContainsAny(beginning, "*?") {
			request.Filter = &theaterv1.Filter{Path: beginning + "*"}
		}
		page, err := n.Actors.List(ctx, request)
		if err != nil {
			return
		}
		for _, a := range page.Actors {
			if escape(a.Path) == a.Path { // else nobody can type it
				paths = append(paths, a.Path)
			}
		}
	})
	return paths
}

// exports are the functions of the actor that is the first argument. It is as silent.
func (p *program) exports(ctx context.Context, t typedWords) (names []string) {
	p.askQuickly(ctx, t, func(ctx context.Context, n *conn) {
		layout, err := n.layout(ctx, t.arguments[0])
		if err != nil {
			return
		}
		for _, name := range functionsOf(layout) {
			if escape(name) == name {
				names = append(names, name)
			}
		}
	})
	return names
}

// askQuickly lends the node that the words name to f, if there is one.
func (p *program) askQuickly(ctx context.Context, t typedWords, f func(context.Context, *conn)) {
	l := p.liveFromEnvironment(completionTime)
	for name, at := range map[string]*string{"address": &l.address, "token": &l.token, "ca": &l.ca, "cert": &l.cert, "key": &l.key} {
		if value, ok := t.flags[name]; ok {
			*at = value
		}
	}
	n, err := l.dial("")
	if err != nil {
		return
	}
	defer n.Close()
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	f(ctx, n)
}
