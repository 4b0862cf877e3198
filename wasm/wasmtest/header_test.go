package wasmtest_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/theater-go/theater/wasm/pack"
)

var update = flag.Bool("update", false, "write the metadata headers of the C guests")

// What the C guests import and export.
const (
	echoActor = `interface actor { @package: string = "theater:simple" exports {
init: func(state: value) -> result<tuple<value>, string>
} }`
	echoClient = `interface message-server-client { @package: string = "theater:simple" exports {
handle-send: func(state: value, msg: list<u8>) -> result<tuple<value>, string>
handle-request: func(state: value, id: string, msg: list<u8>) -> result<tuple<value, tuple<option<list<u8>>>>, string>
} }`
	echoRuntime = `interface runtime { @package: string = "theater:simple" exports { self: func() -> string } }`
	echoServer  = `interface message-server-host { @package: string = "theater:simple" exports {
register: func() -> result<_, string>
send: func(actor-id: string, msg: list<u8>) -> result<_, string>
} }`
)

func TestMetadataHeadersOfTheCGuestsAreCurrent(t *testing.T) {
	for _, c := range []struct {
		header, module   string
		imports, exports []pack.FunctionSig
	}{
		{"c-echo/metadata.h", "c-echo/echo.wasm", declare(echoServer, echoRuntime), declare(echoActor, echoClient)},
		{"c-qsort/metadata.h", "c-qsort/qsort.wasm", nil, declare(echoActor)},
	} {
		b, err := pack.NewMetadata(c.imports, c.exports).Encode()
		if err != nil {
			t.Fatal(err)
		}
		header, want := "../testdata/guests/"+c.header, cHeader(b)
		if *update {
			if err := os.WriteFile(header, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(header)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what -update writes; rebuild the guest after updating it", header)
		}
		module, err := os.ReadFile("../testdata/guests/" + c.module)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(module, b) {
			t.Errorf("%s was built with another header", c.module)
		}
	}
}

func declare(sources ...string) (sigs []pack.FunctionSig) {
	for _, source := range sources {
		sigs = append(sigs, pack.MustParsePact(source).Functions...)
	}
	return sigs
}

func cHeader(b []byte) []byte {
	out := []byte("// Written by a test of package wasmtest with -update. Do not edit.\nstatic const unsigned char metadata[] = {\n")
	for line := range slices.Chunk(b, 16) {
		out = append(out, '\t')
		for i, x := range line {
			if i > 0 {
				out = append(out, ' ')
			}
			out = fmt.Appendf(out, "%d,", x)
		}
		out = append(out, '\n')
	}
	return append(out, "};\n"...)
}
