package wasm_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

var updateSnapshot = flag.Bool("update-snapshot", false, "write the golden snapshot, for a new version of its format")

func compiled(t testing.TB, code []byte) *wasm.Module {
	t.Helper()
	module, err := openEngine(t).Compile(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	return module
}

func snapshot(t testing.TB, a *actor) *wasm.Snapshot {
	t.Helper()
	s, err := a.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// grower is a guest whose memory grows and changes here and there.
func grower() []byte {
	return wasmtest.On(wasmtest.Switch(map[byte]wasmtest.Behavior{
		'g': wasmtest.Grow(1), 'c': wasmtest.Clock(), 'r': wasmtest.Random(300),
	}, wasmtest.Echo()))
}

// busy is an actor that has done something.
func busy(t testing.TB, module *wasm.Module) *actor {
	t.Helper()
	a := newActor(t, module)
	a.init(t)
	for _, body := range []string{"x", "c", "g", "r", "increment", strings.Repeat("long", 700)} {
		a.request(t, body)
	}
	return a
}

func TestASnapshotThatWasWrittenDownRestoresTheSameMachine(t *testing.T) {
	for name, code := range map[string]func(testing.TB) []byte{
		"C":         func(t testing.TB) []byte { return readGuest(t, "c-echo/echo.wasm") },
		"Go":        goCounter,
		"assembled": func(testing.TB) []byte { return grower() },
	} {
		t.Run(name, func(t *testing.T) {
			bytecode := code(t)
			a := busy(t, compiled(t, bytecode))
			written := snapshot(t, a).Encode()

			elsewhere := compiled(t, bytecode) // as another process has it
			read, err := elsewhere.DecodeSnapshot(bytes.Clone(written))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(read.Encode(), written) {
				t.Error("it is written down in another way")
			}
			b := newActor(t, elsewhere)
			b.init(t)
			b.request(t, strings.Repeat("other", 300))
			if err := b.Restore(t.Context(), read); err != nil {
				t.Fatal(err)
			}
			b.like(a)
			if difference := wasm.Difference(a.Machine, b.Machine); difference != "" {
				t.Fatal("they differ in ", difference)
			}
			random := rand.New(rand.NewPCG(1, 2))
			for range 20 {
				text := body(random)
				if one, two := a.request(t, text), b.request(t, text); one != two {
					t.Fatalf("%s, on the restored one %s", one, two)
				}
			}
			if one, two := snapshot(t, a).Encode(), snapshot(t, b).Encode(); !bytes.Equal(one, two) {
				t.Error("their snapshots differ after the same turns")
			}
		})
	}
}

func TestASnapshotHoldsOnlyWhatHasChanged(t *testing.T) {
	module := compiled(t, goCounter(t))
	a := newActor(t, module)
	a.init(t)
	if written := len(snapshot(t, a).Encode()); int64(written) > a.Memory()/4 {
		t.Errorf("it has %d bytes, the memory %d", written, a.Memory())
	}
}

func TestTwoSnapshotsSayInWhatTheyDiffer(t *testing.T) {
	module := compiled(t, grower())
	a := newActor(t, module)
	a.init(t)
	before := snapshot(t, a)
	if got := before.Difference(snapshot(t, a)); got != "" {
		t.Errorf("one machine: %s", got)
	}
	for body, want := range map[string]string{"g": "bytes of memory", "another": "its memory differs from address 0x"} {
		b := newActor(t, module)
		if err := b.Restore(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		b.like(a)
		b.request(t, body)
		if got := snapshot(t, b).Difference(before); !strings.Contains(got, want) {
			t.Errorf("after %q: %q", body, got)
		}
	}
	b := newActor(t, module)
	if err := b.Restore(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	b.Begin(firstTurn * 2)
	if got := snapshot(t, b).Difference(before); !strings.Contains(got, "its clock") {
		t.Errorf("after a time: %q", got)
	}
}

func TestBytesThatAreNoSnapshotOfTheModuleAreRefused(t *testing.T) {
	module := compiled(t, grower())
	good := snapshot(t, busy(t, module)).Encode()
	other := compiled(t, wasmtest.Counter())
	if _, err := other.DecodeSnapshot(good); !errors.Is(err, wasm.ErrSnapshot) || !strings.Contains(err.Error(), "another module") {
		t.Errorf("of another module: %v", err)
	}
	for n := range len(good) {
		if _, err := module.DecodeSnapshot(good[:n]); !errors.Is(err, wasm.ErrSnapshot) {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
	}
	const version = 4 + 32
	edits := map[string]func(b []byte) []byte{
		"other bytes": func(b []byte) []byte { b[3]++; return b },
		"left over":   func(b []byte) []byte { return append(b, 0) },
		"version":     func(b []byte) []byte { b[version]++; return b },
		"initialised": func(b []byte) []byte { b[version+2]++; return b },
		"shortest form": func(b []byte) []byte {
			b[version] |= 0x80
			return append(b[:version+1], append([]byte{0}, b[version+1:]...)...)
		},
	}
	for says, edit := range edits {
		_, err := module.DecodeSnapshot(edit(bytes.Clone(good)))
		if !errors.Is(err, wasm.ErrSnapshot) || !strings.Contains(err.Error(), says) && says != "shortest form" {
			t.Errorf("%s: %v", says, err)
		}
	}
	fixed := compiled(t, wasmtest.On(wasmtest.GrowTable(wasmtest.Trap())))
	if _, err := fixed.DecodeSnapshot(good); !errors.Is(err, wasm.ErrFixed) {
		t.Errorf("of a module that cannot be put back: %v", err)
	}
}

func TestASnapshotOfMuchThatIsSaidTakesNoMemory(t *testing.T) {
	module := compiled(t, grower())
	good := snapshot(t, newActor(t, module)).Encode()
	// The end is no page, and no run: now 4 GiB of memory and as many runs.
	head := good[:len(good)-2]
	if !bytes.Equal(good[len(good)-1:], []byte{0}) {
		t.Fatalf("a machine that has done nothing differs from what initialisation makes: %x", good[len(head)-8:])
	}
	bomb := binary.AppendUvarint(bytes.Clone(head), 65536)
	bomb = binary.AppendUvarint(bomb, 1<<24)
	if n := testing.AllocsPerRun(10, func() { _, _ = module.DecodeSnapshot(bomb) }); n > 20 {
		t.Errorf("%v allocations", n)
	}
	big := binary.AppendUvarint(bytes.Clone(head), 65536)
	s, err := module.DecodeSnapshot(append(big, 0))
	if err != nil {
		t.Fatal(err)
	}
	var trap *wasm.Trap
	if err := newActor(t, module).Restore(t.Context(), s); !errors.As(err, &trap) || trap.Kind != wasm.KindLimit {
		t.Errorf("4 GiB are restored: %v", err)
	}
}

// TestGoldenSnapshot holds the written format: a change of it makes every
// snapshot that was kept one of another version.
func TestGoldenSnapshot(t *testing.T) {
	module := compiled(t, wasmtest.Counter())
	a := newActor(t, module)
	a.init(t)
	a.request(t, "increment")
	got := hex.EncodeToString(snapshot(t, a).Encode()) + "\n"
	const file = "testdata/snapshot.golden"
	if *updateSnapshot {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("it is\n%s", got)
	}
}

// FuzzDecodeSnapshot holds that no bytes panic, that what is read is written the
// same way, and that a machine which is put back to it can be closed and reset.
func FuzzDecodeSnapshot(f *testing.F) {
	module := compiled(f, grower())
	a := newActor(f, module)
	f.Add(snapshot(f, a).Encode())
	f.Add(snapshot(f, busy(f, module)).Encode())
	small := limits
	small.MemoryLimit, small.Fuel = 1<<20, 1<<20
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := module.DecodeSnapshot(b)
		if err != nil {
			return
		}
		if !bytes.Equal(s.Encode(), b) {
			t.Fatal("it is written in another way")
		}
		m, err := module.Start(t.Context(), small)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close(context.Background())
		m.Attach(&testHost{module: module, answer: selfAware})
		if err := m.Restore(t.Context(), s); err == nil {
			index, _ := module.Layout.Export(wasmtest.HandleRequest)
			m.Begin(firstTurn)
			_, _ = m.Turn(t.Context(), index, pack.AppendMessage(nil, "id", "x"))
		}
		if err := m.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// BenchmarkSnapshot takes a snapshot and writes it down, and puts a machine back to
// it.
func BenchmarkSnapshot(b *testing.B) {
	for name, code := range map[string]func(testing.TB) []byte{
		"C":  func(t testing.TB) []byte { return readGuest(t, "c-echo/echo.wasm") },
		"Go": goCounter,
	} {
		module := compiled(b, code(b))
		a := newActor(b, module)
		a.init(b)
		for range 1000 {
			a.forget()
			a.request(b, "increment")
		}
		written := snapshot(b, a).Encode()
		b.Run(name+"/take", func(b *testing.B) {
			for b.Loop() {
				snapshot(b, a).Encode()
			}
			b.ReportMetric(float64(len(written)), "bytes")
			b.ReportMetric(float64(a.Memory()), "memory")
		})
		b.Run(name+"/restore", func(b *testing.B) {
			for b.Loop() {
				s, err := module.DecodeSnapshot(written)
				if err == nil {
					err = a.Restore(b.Context(), s)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
