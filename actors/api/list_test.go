package api_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func TestAListShowsTheFieldsThatAreWanted(t *testing.T) {
	s := open(t)
	s.family()
	list := func(fields ...string) *theaterv1.Actor {
		t.Helper()
		answer, err := s.Actors.List(s.ctx(), &theaterv1.ListRequest{Fields: fields, Filter: &theaterv1.Filter{Path: "/top/b"}})
		check(t, err)
		return answer.Actors[0]
	}
	if a := list("path", "parent"); a.Path != "/top/b" || a.Parent != "/top" || a.Id+a.Name+a.Status+a.Module != "" || a.Created != nil || a.Turns != 0 {
		t.Errorf("with two fields it is %v", a)
	}

	// Each field has its name, and all of them are what is shown without any.
	all, names := list(), []string{}
	fields := all.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		one := list(string(f.Name())).ProtoReflect()
		if one.Has(f) != all.ProtoReflect().Has(f) || one.Has(f) && f.Kind() == protoreflect.StringKind && one.Get(f).String() != all.ProtoReflect().Get(f).String() {
			t.Errorf("field %s alone is %v, and %v with all", f.Name(), one.Get(f), all.ProtoReflect().Get(f))
		}
		names = append(names, string(f.Name()))
	}
	if wanted := fmt.Sprint(list(names...)); wanted != fmt.Sprint(all) {
		t.Errorf("with all fields it is %s, without any %v", wanted, all)
	}

	_, err := s.Actors.List(s.ctx(), &theaterv1.ListRequest{Fields: []string{"path", "pth"}})
	if e := refuses(t, err, api.CodeInvalid, "fields"); !strings.Contains(e.Message, `"pth"`) {
		t.Errorf("an unknown field is answered by %q", e.Message)
	}
}
