package cli_test

import (
	"os"
	"path/filepath"

	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/host/runtime"
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
			'l': do("theater:simple/runtime", "log", pack.String("red \x1b[31m bell \a"), wasmtest.Reply(nil)),
			'q': do("theater:simple/runtime", "shutdown", pack.Some(pack.Bytes([]byte("farewell"))), wasmtest.Reply([]byte("going"))),
		}, wasmtest.Echo())),
		// final ends in its init.
		"final": guest(do("theater:simple/runtime", "shutdown", pack.Some(pack.Bytes([]byte("all done"))), wasmtest.Keep()), wasmtest.Keep()),
		// broken never starts.
		"broken": guest(wasmtest.Trap(), wasmtest.Keep()),
		// stuck does not end its init.
		"stuck": guest(wasmtest.Spin(), wasmtest.Keep()),
		// deaf takes no messages.
		"deaf": guest(wasmtest.Keep(), wasmtest.Echo()),
	}
}

func guest(init, request wasmtest.Behavior) []byte {
	var interfaces []*pack.Interface
	for _, i := range append(runtime.New().Interfaces(), message.New().Interfaces()...) {
		interfaces = append(interfaces, i.Pact)
	}
	return wasmtest.Guest{Init: init, HandleRequest: request, Interfaces: interfaces}.Bytes()
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
