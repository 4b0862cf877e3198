package node_test

import (
	"context"
	"fmt"
	"log"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// A program runs actors by opening a node. This one keeps its chains in memory;
// with Data they are kept in a folder. A manifest is usually loaded from a
// file, and names the module that is written here by hand.
func Example() {
	ctx := context.Background()
	n, err := node.Open(ctx, node.Config{
		Output: func(l actors.Line) { fmt.Printf("%s says %s\n", l.Path, l.Text) },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer n.Close(ctx)

	m, err := manifest.Parse([]byte(`
name = "echo"
version = "1.0.0"
package = "echo.wasm"

[[handler]]
type = "message-server"
`), "manifest.toml", n.Handlers)
	if err != nil {
		log.Fatal(err)
	}
	echo, err := n.System.Spawn(ctx, actors.Spec{Manifest: m, Package: module()})
	if err != nil {
		log.Fatal(err)
	}
	answer, err := n.System.Request(ctx, echo, "example", []byte("hello"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s answers %q\n", echo, answer)

	exit, err := n.System.Stop(ctx, echo)
	if err != nil {
		log.Fatal(err)
	}
	report, err := chain.Verify(ctx, n.Log, echo.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s ended with %s; its chain of %d records is in order\n", echo, exit, report.Records)
	// Output:
	// /echo says ready
	// /echo answers "hello"
	// /echo ended with shutdown; its chain of 4 records is in order
}

// module is an actor that takes messages and answers each with itself.
func module() []byte {
	unit, err := pack.Encode(pack.Unit)
	if err != nil {
		log.Fatal(err)
	}
	return wasmtest.Guest{
		Init:          wasmtest.Print(1, "ready\n", wasmtest.Do(message.Interface, "register", unit, wasmtest.Keep())),
		HandleRequest: wasmtest.Echo(),
	}.Bytes()
}
