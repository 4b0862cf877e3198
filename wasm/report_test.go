package wasm_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// command is a module with memory, which begins by running the export.
func command(more ...func(*wasmtest.Module)) []byte {
	var m wasmtest.Module
	f := m.Func(":", "", "")
	m.Memory(1)
	m.Export("memory", wasmtest.Memory, 0)
	m.Export("_start", wasmtest.Function, f)
	for _, add := range more {
		add(&m)
	}
	return m.Bytes()
}

func imports(kinds ...string) func(*wasmtest.Module) {
	descriptions := map[string][]byte{"memory": {2, 0, 1}, "global": {3, 0x7f, 0}, "table": {1, 0x70, 0, 1}}
	return func(m *wasmtest.Module) {
		for _, k := range kinds {
			m.ImportOther("env", k, descriptions[k])
		}
	}
}

func TestEveryGenerationIsRecognisedAndRefusedWithTheWayOut(t *testing.T) {
	e := openEngine(t)
	var member, side wasmtest.Module
	imports("memory")(&member)
	imports("memory", "global")(&side)
	for name, c := range map[string]struct {
		code       []byte
		generation wasm.Generation
		reason     string // of the first problem, "" for none
		hint       string
	}{
		"an actor":                     {wasmtest.Counter(), wasm.Plain, "", ""},
		"an actor without metadata":    {wasmtest.Guest{Without: []string{"__pack_types"}}.Bytes(), wasm.Plain, "no interface metadata", "pack_types!"},
		"without an allocator":         {wasmtest.Guest{Without: []string{"__pack_alloc", "__pack_free"}}.Bytes(), wasm.NoAllocator, "packr before 0.2", "packr-guest 0.11"},
		"a member that needs a linker": {member.Bytes(), wasm.Member, "unlinked member", "allocator"},
		"a side module":                {side.Bytes(), wasm.SideModule, "position-independent side module", "packr-guest 0.11"},
		"several memories":             {command(func(m *wasmtest.Module) { m.Memory(1) }), wasm.Composite, "2 memories: it is a composite", "one memory"},
		"a command":                    {command(), wasm.Command, "a command", "-buildmode=c-shared"},
		"a table from outside":         {command(imports("table")), wasm.Unknown, "imports env.table, which is not a function", "functions only"},
		"a component":                  {[]byte("\x00asm\x0d\x00\x01\x00\x07\x01\x00"), wasm.Component, "a wasm component", "core module"},
		"nothing in it":                {[]byte(wasmtest.Preamble), wasm.Unknown, "exports no memory", "Go SDK"},
	} {
		t.Run(name, func(t *testing.T) {
			r := wasm.Examine(c.code)
			if r.Generation != c.generation || (len(r.Problems) == 0) != (c.reason == "") {
				t.Fatalf("%s, %v", r.Generation, r.Problems)
			}
			_, err := e.Compile(t.Context(), c.code)
			if c.reason == "" {
				if err != nil || r.Rewritten == 0 {
					t.Errorf("rewritten %d bytes, %v", r.Rewritten, err)
				}
				return
			}
			var abi *wasm.ABIError
			if len(r.Problems) != 1 || !errors.As(r.Problems[0], &abi) || !strings.Contains(abi.Reason, c.reason) || !strings.Contains(abi.Hint, c.hint) {
				t.Errorf("%v", r.Problems)
			}
			if err == nil || err.Error() != abi.Error() {
				t.Errorf("compile says %v", err)
			}
		})
	}
}

func TestWhatIsNoModuleIsSaid(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "empty",
		"\x00asm":                 "ends early",
		"\x00as":                  "ends early",
		"\x00asm\x02\x00\x00\x00": "version 02 00 00 00",
		"\n  (module)":            "text form",
		"name = \"x\"\nversion":   "not a wasm module",
	} {
		r := wasm.Examine([]byte(text))
		if len(r.Problems) != 1 || !strings.Contains(r.Problems[0].Error(), want) || r.Size != len(text) {
			t.Errorf("%q: %v", text, r.Problems)
		}
	}
}

func TestAReportHasWhatTheSectionsDeclare(t *testing.T) {
	var m wasmtest.Module
	m.Import("a:b/c", "f", "iI:F")
	m.ImportOther("env", "g", []byte{3, 0x7e, 1})
	f := m.Func("f:", "", "")
	m.Func(":", "", "")
	m.Memory(2, 5)
	m.Table(3, 7)
	m.Table(1)
	m.Export("it", wasmtest.Function, f)
	m.Export("mem", wasmtest.Memory, 0)
	m.Name(f, "it")
	m.Custom("producers", []byte("\x01\x08language\x02\x01C\x0211\x04Rust\x00"))
	m.Custom(".debug_info", nil)
	r := wasm.Examine(m.Bytes())
	want := wasm.Report{
		Imports:   []wasm.Extern{{"a:b/c", "f", "function", "(i32, i64) -> f64"}, {"env", "g", "global", ""}},
		Exports:   []wasm.Extern{{"", "it", "function", "(f32)"}, {"", "mem", "memory", ""}},
		Functions: 2, Named: 1, DWARF: true,
		Memory:    wasm.MemoryLimits{Count: 1, Min: 2, Max: 5, HasMax: true},
		Tables:    []wasm.TableLimits{{3, 7, true}, {1, 0, false}},
		Producers: []wasm.Producer{{"language", "C", "11"}, {"language", "Rust", ""}},
		Size:      r.Size, Sum: r.Sum, Sections: r.Sections, Generation: wasm.Unknown, Problems: r.Problems, Rewritten: r.Rewritten,
	}
	if !reflect.DeepEqual(*r, want) {
		t.Errorf("%+v\nwant %+v", *r, want)
	}
	var names []string
	for _, s := range r.Sections {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, " "); got != "type import function table memory export code name producers .debug_info" {
		t.Errorf("sections %s", got)
	}
}

func TestARefusedModuleIsStillReported(t *testing.T) {
	alone(t)
	for _, m := range wasmtest.Hostile() {
		code := m.Code()
		if !bytes.HasPrefix(code, []byte(wasmtest.Preamble)) {
			continue
		}
		r := wasm.Examine(code)
		var refused *wasm.CheckError
		found := slices.ContainsFunc(r.Problems, func(err error) bool { return errors.As(err, &refused) })
		if _, checked := wasm.Check(code, wasm.DefaultLimits); found != (checked != nil) && r.Generation != wasm.Composite {
			t.Errorf("%s: %v, the check says %v", m.Name, r.Problems, checked)
		}
		if r.Rewritten == 0 && len(r.Problems) == 0 || len(r.Sections) == 0 {
			t.Errorf("%s: %+v", m.Name, r)
		}
	}
}

func TestAModuleThatIsCutOffIsReportedAsFarAsItGoes(t *testing.T) {
	alone(t)
	code := readGuest(t, "c-echo/echo.wasm")
	whole := wasm.Examine(code)
	for n := range len(code) {
		r := wasm.Examine(code[:n])
		if n == 8 || slices.ContainsFunc(whole.Sections, func(s wasm.Section) bool { return s.Offset+s.Size == n }) {
			continue // what is missing there does not show
		}
		if len(r.Problems) != 1 || r.Generation != wasm.Unknown {
			t.Fatalf("of %d bytes: %s, %v", n, r.Generation, r.Problems)
		}
	}
	if r := wasm.Examine(code[:len(code)/2]); len(r.Imports) != len(whole.Imports) || len(r.Exports) != len(whole.Exports) || r.Memory != whole.Memory {
		t.Errorf("%+v", r)
	}
}

func TestADamagedSectionHidesNoOther(t *testing.T) {
	code := []byte(wasmtest.Preamble)
	code = append(code, wasmtest.Section(2, []byte("\x02\x01a\x01f\x02\x00\x01\x01a"))...)
	code = append(code, wasmtest.Section(7, []byte("\x01\x01m\x02\x00"))...)
	r := wasm.Examine(code)
	if len(r.Problems) != 1 || r.Generation != wasm.Unknown || len(r.Imports) != 1 || len(r.Exports) != 1 {
		t.Errorf("%+v", r)
	}
}

// Else subsections that each have the rest of the section would take a time that
// grows with the square of the size.
func TestNamesStayInsideTheirSubsection(t *testing.T) {
	var m wasmtest.Module
	f := m.Func(":", "", "")
	m.Func(":", "", "")
	m.Export("f", wasmtest.Function, f)
	// The first counts one name and has no room for it: where it would stand, the
	// next begins, which names function 0.
	m.Custom("name", []byte("\x01\x01\x01"+"\x01\x08\x01\x00\x05aaaaa"))
	code := m.Bytes()
	layout, err := wasm.ReadLayout(code)
	if err != nil {
		t.Fatal(err)
	}
	if first, second := layout.FunctionName(0), layout.FunctionName(1); first != "aaaaa" || second != "" {
		t.Errorf("names %q and %q", first, second)
	}
	if r := wasm.Examine(code); r.Named != 1 {
		t.Errorf("%d names", r.Named)
	}
}

func TestAMethodOfGoIsCalledAsInGo(t *testing.T) {
	for mangled, want := range map[string]string{
		"main.__actor_.sell":           "main.(*actor).sell",
		"example.com/a.__b_.c.func1":   "example.com/a.(*b).c.func1",
		"main.__init__":                "main.__init__",
		"__wasm_call_ctors":            "__wasm_call_ctors",
		"message.HandleSend_..._.func": "message.HandleSend_..._.func",
	} {
		var m wasmtest.Module
		f := m.Func(":", "", "")
		m.Export("f", wasmtest.Function, f)
		n := string(rune(len(mangled)))
		m.Custom("name", []byte("\x01"+string(rune(len(mangled)+3))+"\x01\x00"+n+mangled))
		layout, err := wasm.ReadLayout(m.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got := layout.FunctionName(0); got != want {
			t.Errorf("%s is %q, want %q", mangled, got, want)
		}
	}
}

func FuzzExamine(f *testing.F) {
	f.Add(wasmtest.Counter())
	f.Add(command(imports("memory", "table")))
	f.Add(binary.AppendUvarint([]byte(wasmtest.Preamble+"\x00"), 1<<31))
	f.Fuzz(func(t *testing.T, code []byte) {
		r := wasm.Examine(code)
		layout, err := wasm.ReadLayout(code)
		switch {
		case len(r.Problems) > 0:
		case err != nil:
			t.Errorf("nothing is wrong with what has no layout: %v", err)
		case r.Generation != wasm.Plain || len(layout.Imports) > len(r.Imports) || r.Memory != layout.Memory || r.Rewritten == 0:
			t.Errorf("%+v, the layout %+v", r, layout)
		}
		if !bytes.HasPrefix(code, []byte("\x00asm")) && len(r.Problems) != 1 {
			t.Errorf("%v", r.Problems)
		}
	})
}
