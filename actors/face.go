package actors

import (
	"context"
	"sync"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
)

// The imports by which an actor sends a message and asks for its end.
const (
	importSend     = "theater:simple/message-server-host.send"
	importShutdown = "theater:simple/runtime.shutdown"
)

// face is what must be known of a module to read from its chains what was sent
// and received: import and export indexes, absent for what it does not have.
type face struct{ send, shutdown, receive int }

// mute reports whether its actors neither send nor receive.
func (f face) mute() bool { return f.send == absent && f.receive == absent }

func faceOf(l *wasm.Layout) face {
	f := face{absent, absent, absent}
	for i, imp := range l.Imports {
		switch imp.String() {
		case importSend:
			f.send = i
		case importShutdown:
			f.shutdown = i
		}
	}
	if i, ok := l.Export(exportSend); ok {
		f.receive = i
	}
	return f
}

// faces are those of the modules that were compiled, or found on the log.
type faces struct {
	mu    sync.Mutex
	known map[chain.Hash]face // guarded by mu
}

func newFaces() *faces { return &faces{known: map[chain.Hash]face{}} }

func (f *faces) learn(module chain.Hash, l *wasm.Layout) face {
	face := faceOf(l)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known[module] = face
	return face
}

// of reads a module from the log unless it is known.
func (f *faces) of(ctx context.Context, log chain.Reader, module chain.Hash) (face, error) {
	f.mu.Lock()
	face, known := f.known[module]
	f.mu.Unlock()
	if known {
		return face, nil
	}
	code, err := log.Blob(ctx, module)
	if err != nil {
		return face, err
	}
	layout, err := wasm.ReadLayout(code)
	if err != nil {
		return face, err
	}
	return f.learn(module, layout), nil
}
