package wasm_test

import (
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm"
	w "github.com/theater-go/theater/wasm/wasmtest"
)

// worst are kinds of modules that make the most work for the compiler, each of n
// equal parts.
var worst = map[string]func(n int) []byte{
	"ifs inside each other":       nestedIfs,
	"loops inside each other":     nested(1400, w.Loop),
	"blocks inside each other":    nested(1400, w.Block),
	"ifs over 50 locals":          setsInIfs(50),
	"ifs over 500 locals":         setsInIfs(500),
	"blocks after each other":     inFunctions(15_000, "i:", "", w.Block(w.Get(0)+w.BrIf(0)), ""),
	"bulk operations":             inFunctions(2000, "i:", "", w.Get(0)+w.Get(0)+w.Get(0)+w.MemoryFill, ""),
	"divisions":                   inFunctions(150_000, "i:", "", w.Get(0)+w.Get(0)+w.I32DivS+w.Drop, ""),
	"loads":                       inFunctions(150_000, "i:", "", w.Get(0)+w.Get(0)+w.Load32(0)+w.Store32(0), ""),
	"float to unsigned":           inFunctions(100_000, "iF:", "", w.Get(0)+w.Get(1)+"\xb1"+w.Store64(0), ""),
	"vectors":                     inFunctions(100_000, "v:v", "", w.Get(0)+"\xfd\xd5\x01", w.Get(0)),
	"calls":                       inFunctions(150_000, ":", "", w.Call(0), ""),
	"functions of one loop":       inFunctions(1, "i:", "", w.Loop(w.Get(0)+w.BrIf(0)), ""),
	"empty functions":             inFunctions(1, ":", "", "", ""),
	"functions of 100 parameters": inFunctions(1, strings.Repeat("i", 100)+":", "", "", ""),
	"functions of 1,000 locals":   inFunctions(1, "i:", strings.Repeat("F", 1000), "", ""),
	"types of up to 256 parameters": func(n int) []byte {
		var m w.Module
		for i := range n {
			m.Type(strings.Repeat("v", i%256) + strings.Repeat("i", i/256) + ":")
		}
		m.Func(":", "", "")
		return m.Bytes()
	},
}

// inFunctions makes modules of functions that begin with first and repeat part
// up to most times.
func inFunctions(most int, sig, locals string, part, first w.Code) func(int) []byte {
	return func(n int) []byte {
		var m w.Module
		m.Memory(1)
		for ; n > 0; n -= most {
			m.Func(sig, locals, first+w.Repeat(min(n, most), part))
		}
		return m.Bytes()
	}
}

func nestedIfs(n int) []byte {
	return nested(1400, func(body w.Code) w.Code { return w.Get(0) + w.If(body) })(n)
}

// nested makes modules of functions of up to deep blocks inside each other.
func nested(deep int, block func(w.Code) w.Code) func(int) []byte {
	open, end, _ := strings.Cut(string(block("\xff")), "\xff")
	return func(n int) []byte {
		var m w.Module
		for ; n > 0; n -= deep {
			d := min(n, deep)
			m.Func("i:", "", w.Repeat(d, w.Code(open))+w.Get(0)+w.BrIf(0)+w.Repeat(d, w.Code(end)))
		}
		return m.Bytes()
	}
}

// setsInIfs makes modules of functions of a loop that sets locals in ifs.
func setsInIfs(locals int) func(int) []byte {
	return func(n int) []byte {
		var m w.Module
		for ; n > 0; n -= locals {
			var body w.Code
			for i := range min(n, locals) {
				body += w.Get(uint32(i)) + w.If(w.I32(1)+w.Set(uint32(i)))
			}
			m.Func("i:", strings.Repeat("i", locals), w.Loop(body+w.Get(0)+w.BrIf(0)))
		}
		return m.Bytes()
	}
}

// BenchmarkTheWorstOfSmallModules compiles, of each kind, the largest module that
// an engine still compiles in its own process. B/op bounds the memory from
// above.
func BenchmarkTheWorstOfSmallModules(b *testing.B) {
	for name, kind := range worst {
		b.Run(name, func(b *testing.B) {
			code := largestSmall(kind)
			b.ReportMetric(float64(len(code)), "wasm-B")
			b.ReportAllocs()
			for b.Loop() {
				p, err := wasm.Prepare(code)
				if err != nil {
					b.Fatal(err)
				}
				rt := compiler(b)
				if _, err := rt.CompileModule(b.Context(), p.Code); err != nil {
					b.Fatal(err)
				}
				rt.Close(b.Context())
			}
		})
	}
}

// largestSmall is the largest module of a kind that is small.
func largestSmall(kind func(int) []byte) []byte {
	least, most := 1, 1<<16
	for least < most {
		n := (least + most + 1) / 2
		p, err := wasm.Prepare(kind(n))
		if err == nil && p.Small() {
			least = n
		} else {
			most = n - 1
		}
	}
	return kind(least)
}
