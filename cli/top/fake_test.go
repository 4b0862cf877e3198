package top_test

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/theater-go/theater/cli/top"
)

// fake is a node that does what a test says.
type fake struct {
	mu     sync.Mutex
	looks  int
	look   func(n int) (*top.Snapshot, error)
	deeds  []string
	lines  []string
	asked  []string // what was followed
	closed int      // feeds
	err    error    // of deeds and feeds
}

func (f *fake) Look(context.Context) (*top.Snapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looks++
	if f.look == nil {
		return nil, errors.New("nobody looks")
	}
	return f.look(f.looks)
}

func (f *fake) Follow(_ context.Context, feed top.Feed, a top.Actor) (top.Lines, error) {
	f.asked = append(f.asked, string(feed)+" "+a.Path)
	if f.err != nil {
		return nil, f.err
	}
	return &fakeLines{f, f.lines}, nil
}

func (f *fake) Do(_ context.Context, deed top.Deed, a top.Actor) error {
	f.deeds = append(f.deeds, string(deed)+" "+a.Path)
	return f.err
}

type fakeLines struct {
	of   *fake
	left []string
}

func (l *fakeLines) Next() (string, error) {
	if len(l.left) == 0 {
		return "", io.EOF
	}
	line := l.left[0]
	l.left = l.left[1:]
	return line, nil
}

func (l *fakeLines) Close() error {
	l.of.closed++
	return nil
}
