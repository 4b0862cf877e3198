package runtime_test

import (
	"strings"
	"testing"

	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/host/runtime"
	"github.com/theater-go/theater/wasm/pack"
)

type life struct {
	lines []string
	ended bool
	data  []byte
}

func (*life) ID() string             { return "the id" }
func (*life) Path() string           { return "/life" }
func (l *life) Log(line string)      { l.lines = append(l.lines, line) }
func (l *life) Shutdown(data []byte) { l.ended, l.data = true, data }

func open(t *testing.T, l *life) host.Session {
	t.Helper()
	s, err := runtime.New().Open(l, host.Grant{Config: runtime.New().NewConfig()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func call(t *testing.T, s host.Session, function string, args ...pack.Value) (*host.Call, pack.Value) {
	t.Helper()
	c := &host.Call{Interface: runtime.Interface, Function: function, Args: args}
	v, err := s.Call(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return c, v
}

func TestLogGivesTheLineAtOnceAndAnswersNothing(t *testing.T) {
	l := &life{}
	c, v := call(t, open(t, l), "log", pack.String("a line"))
	if len(l.lines) != 1 || l.lines[0] != "a line" || !v.Equal(pack.Unit) || c.Effect() != nil {
		t.Errorf("logged %q, answered %s, left %v", l.lines, v, c.Effect())
	}
}

func TestSelfIsTheActorsId(t *testing.T) {
	if _, v := call(t, open(t, &life{}), "self"); !v.Equal(pack.String("the id")) {
		t.Errorf("self is %s", v)
	}
}

func TestShutdownActsAtTheReleaseWithItsData(t *testing.T) {
	for _, c := range []struct {
		name string
		arg  pack.Value
		want []byte
	}{
		{"none", pack.None(pack.TypeBytes), nil},
		{"some bytes", pack.Some(pack.Bytes([]byte("end"))), []byte("end")},
		{"no bytes", pack.Some(pack.Bytes(nil)), []byte{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := &life{}
			s := open(t, l)
			made, v := call(t, s, "shutdown", c.arg)
			if l.ended || made.Effect() == nil || !v.Equal(pack.Unit) {
				t.Fatalf("before the release: ended %v, effect %v, answer %s", l.ended, made.Effect(), v)
			}
			s.Release(made.Effect(), host.Event{})
			if !l.ended || string(l.data) != string(c.want) || (l.data == nil) != (c.want == nil) {
				t.Errorf("it ended %v with %v, want %v", l.ended, l.data, c.want)
			}
		})
	}
}

func TestOnlyWhatCanLogAndEndIsServed(t *testing.T) {
	if _, err := runtime.New().Open(mute{}, host.Grant{}); err == nil || !strings.Contains(err.Error(), "/mute") {
		t.Errorf("it gives %v", err)
	}
	if _, err := open(t, &life{}).Call(t.Context(), &host.Call{Function: "get-chain"}); err == nil {
		t.Error("get-chain is served")
	}
}

type mute struct{}

func (mute) ID() string   { return "mute" }
func (mute) Path() string { return "/mute" }
