package theater_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	// numbered finds the sentences of docs/GUARANTEES.md.
	numbered = regexp.MustCompile(`(?m)^(\d+)\. `)
	// holds finds what the comment of a test says that it holds.
	holds = regexp.MustCompile(`[Gg]uarantees? (\d+(?:, \d+)*)\b`)
)

// TestEveryGuaranteeHasATest holds docs/GUARANTEES.md against the comments of tests: a
// test of the sentences 3 and 4 says "guarantees 3, 4".
func TestEveryGuaranteeHasATest(t *testing.T) {
	text, err := os.ReadFile("docs/GUARANTEES.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[int][]string{}
	for i, m := range numbered.FindAllStringSubmatch(string(text), -1) {
		if m[1] != fmt.Sprint(i+1) {
			t.Errorf("the sentence after number %d has number %s", i, m[1])
		}
		tests[i+1] = nil
	}
	for _, f := range sources(t, os.DirFS("."), parser.ParseComments) {
		for _, d := range f.syntax.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !f.test || fn.Doc == nil || !strings.HasPrefix(fn.Name.Name, "Test") {
				continue
			}
			comment := strings.Join(strings.Fields(fn.Doc.Text()), " ")
			for _, m := range holds.FindAllStringSubmatch(comment, -1) {
				for text := range strings.SplitSeq(m[1], ", ") {
					n, err := strconv.Atoi(text)
					if err != nil {
						t.Fatal(err)
					}
					if _, ok := tests[n]; !ok {
						t.Errorf("%s holds guarantee %d, which is not there", fn.Name.Name, n)
					}
					tests[n] = append(tests[n], fn.Name.Name)
				}
			}
		}
	}
	if len(tests) == 0 {
		t.Fatal("there are no guarantees")
	}
	for n := range len(tests) {
		if len(tests[n+1]) == 0 {
			t.Errorf("guarantee %d has no test that names it", n+1)
		}
	}
}
