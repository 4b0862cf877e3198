package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/host/runtime"
	"github.com/theater-go/theater/host/supervisor"
	"github.com/theater-go/theater/wasm/guest/sdk"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// guests are modules that show one thing each, and need no compiler.
func guests() map[string][]byte {
	start := do("theater:simple/message-server-host", "register", pack.Unit, wasmtest.Keep())
	return map[string][]byte{
		// player answers what the first byte of a request asks for.
		"player": guest(start, wasmtest.Switch(map[byte]wasmtest.Behavior{
			'b': wasmtest.Reply([]byte{0xff, 0xfe}),
			'r': wasmtest.Refuse("no thanks"),
			't': wasmtest.Trap(),
			's': wasmtest.Spin(),
			'W': wasmtest.Reply(bytes.Repeat([]byte("wide "), 200)),
			'l': do("theater:simple/runtime", "log", pack.String("red \x1b[31m bell \a"), wasmtest.Reply(nil)),
			'q': do("theater:simple/runtime", "shutdown", pack.Some(pack.Bytes([]byte("farewell"))), wasmtest.Reply([]byte("going"))),
		}, wasmtest.Echo())),
		// edited is player that logs something else, and cannot end itself.
		"edited": guest(start, wasmtest.Switch(map[byte]wasmtest.Behavior{
			'b': wasmtest.Reply([]byte{0xff, 0xfe}),
			'r': wasmtest.Refuse("no thanks"),
			't': wasmtest.Trap(),
			'W': wasmtest.Reply(append(bytes.Repeat([]byte("wide "), 199), "wise "...)),
			'l': do("theater:simple/runtime", "log", pack.String("blue"), wasmtest.Reply(nil)),
			'n': wasmtest.Do("theater:simple/timing", "now", nil, wasmtest.Keep()),
		}, wasmtest.Echo())),
		// boss is at the top of a tree, /shop, and has those below it do something.
		"boss": guest(start, wasmtest.Switch(map[byte]wasmtest.Behavior{
			't': ask("/shop/till", "t"), // trap
			's': ask("/shop/till", "s"), // spin
			'e': ask("/shop/till", "e"), // echo
			'c': ask("/shop/till", "q"), // shut down
			'1': ask("/shop/tills/1", "t"),
			'2': ask("/shop/tills/2", "e"),
			'n': do("theater:simple/supervisor", "spawn", pack.Tuple(pack.String("clerk.toml"),
				pack.None(pack.ListOf(pack.TypeU8)), pack.None(pack.ListOf(pack.TypeU8))), wasmtest.Reply([]byte("spawned"))),
			'q': do("theater:simple/runtime", "shutdown", pack.Some(pack.Bytes([]byte("closed"))), wasmtest.Reply([]byte("going"))),
			'x': wasmtest.Trap(),
		}, wasmtest.Echo())),
		// counter counts its messages, and takes them without having registered.
		"counter": wasmtest.Counter(),
		// doomed fails as soon as it has started, as /storm/doomed.
		"doomed": wasmtest.Guest{
			Init: do("theater:simple/message-server-host", "register", pack.Unit,
				do("theater:simple/message-server-host", "send", pack.Tuple(pack.String("/storm/doomed"), pack.Bytes(nil)), wasmtest.Keep())),
			HandleSend: wasmtest.Trap(),
		}.Bytes(),
		// final ends in its init.
		"final": guest(do("theater:simple/runtime", "shutdown", pack.Some(pack.Bytes([]byte("all done"))), wasmtest.Keep()), wasmtest.Keep()),
		// broken never starts.
		"broken": guest(wasmtest.Trap(), wasmtest.Keep()),
		// stuck does not end its init.
		"stuck": guest(wasmtest.Spin(), wasmtest.Keep()),
		// deaf takes no messages.
		"deaf": guest(wasmtest.Keep(), wasmtest.Echo()),
		// canvas declares what its exports take.
		"canvas": canvas(),
		// fixed changes its table before its first turn.
		"fixed": wasmtest.Guest{HandleRequest: wasmtest.WrongCall(), Start: wasmtest.RefNull + wasmtest.I32(1) + wasmtest.TableGrow(0) + wasmtest.Drop}.Bytes(),
		// roomy begins with 128 MiB.
		"roomy": bytes.Replace(wasmtest.Counter(), []byte("\x05\x03\x01\x00\x01"), []byte("\x05\x04\x01\x00\x80\x10"), 1),
		// The rest is refused.
		"uninitialised": wasmtest.Guest{Without: []string{wasmtest.Init}}.Bytes(),
		"early":         wasmtest.Guest{Start: wasmtest.Unreachable}.Bytes(),
		"cut":           guest(start, wasmtest.Keep())[:3000],
		"component":     []byte("\x00asm\x0d\x00\x01\x00"),
		"foreign":       foreign(),
		"deep":          deep(),
		"loud":          loud(),
	}
}

// canvas declares a state and parameters of types with names.
func canvas() []byte {
	declared := pack.MustParsePact(`interface canvas {
		record point { x: s32, y: s32 }
		variant shape { dot, circle(f64), text(list<u8>) }
		exports {
			init: func(state: option<shape>) -> value
			draw: func(state: value, shape: shape, at: point, colour: option<string>) -> value
			wait: func(state: value, ticks: u8) -> value
		}
	}`)
	interfaces := map[string]string{"init": "theater:simple/actor", "draw": "shapes", "wait": "shapes"}
	var exports []pack.FunctionSig
	for _, f := range declared.Functions {
		f.Interface = interfaces[f.Name]
		exports = append(exports, f)
	}
	metadata, err := pack.NewMetadata(nil, exports).Encode()
	if err != nil {
		panic(err)
	}
	others := map[string]wasmtest.Behavior{"shapes.draw": wasmtest.Reply([]byte("drawn")), "shapes.wait": wasmtest.Keep()}
	return wasmtest.Guest{Init: wasmtest.Keep(), Others: others, Metadata: metadata}.Bytes()
}

// foreign imports what nobody serves, and an interface with another type.
func foreign() []byte {
	log := pack.MustParsePact(`interface runtime { @package: string = "theater:simple" exports { log: func(level: u8, msg: string) } }`)
	return wasmtest.Guest{
		Init:       do("made:up/\x1b[2J", "f", pack.Unit, wasmtest.Keep()),
		HandleSend: do("theater:simple/runtime", "log", pack.Unit, wasmtest.Keep()),
		Interfaces: []*pack.Interface{log},
	}.Bytes()
}

// deep has a function with more blocks inside each other than are let in.
func deep() []byte {
	var m wasmtest.Module
	m.Import("env", "f", ":")
	body := wasmtest.Code("")
	for range 1501 {
		body = wasmtest.Block(body)
	}
	m.Name(m.Func(":", "", body), "nested")
	m.Memory(1)
	return m.Bytes()
}

// loud is a module of names that nobody would want on the screen.
func loud() []byte {
	var m wasmtest.Module
	m.Import("a, b\t\x1b[2J", "\u202etxt", ":")
	m.ImportOther("a, b\t\x1b[2J", "t", []byte{1, 0x70, 0, 1})
	for i := range 10 {
		m.Export(fmt.Sprint("x", i), wasmtest.Function, 0)
	}
	m.Export(strings.Repeat("long", 100), wasmtest.Function, 0)
	m.Custom("producers", []byte("\x01\x08language\x01\x05\x1b[31m\x00"))
	return m.Bytes()
}

func guest(init, request wasmtest.Behavior) []byte {
	var interfaces []*pack.Interface
	for _, i := range slices.Concat(runtime.New().Interfaces(), message.New().Interfaces(), supervisor.New().Interfaces()) {
		interfaces = append(interfaces, i.Pact)
	}
	return wasmtest.Guest{Init: init, HandleRequest: request, Interfaces: interfaces}.Bytes()
}

// ask requests something from another actor and answers that it has, whatever
// came of it.
func ask(path, body string) wasmtest.Behavior {
	return do("theater:simple/message-server-host", "request", pack.Tuple(pack.String(path), pack.Bytes([]byte(body))),
		wasmtest.Reply([]byte("asked")))
}

func do(iface, function string, input pack.Value, then wasmtest.Behavior) wasmtest.Behavior {
	encoded, err := pack.Encode(input)
	if err != nil {
		panic(err)
	}
	return wasmtest.Do(iface, function, encoded, then)
}

// copyCounter makes a project of its own of the example counter.
func copyCounter(example, dir string) error {
	if err := sdk.WriteProject(dir, "counter", "message-server"); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, "main_test.go")); err != nil {
		return err
	}
	for _, name := range []string{"main.go", "manifest.toml"} {
		text, err := os.ReadFile(filepath.Join(example, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			return err
		}
	}
	return nil
}
