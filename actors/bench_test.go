package actors_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// echo is the C guest of theater bench.
func echo(t testing.TB) []byte {
	t.Helper()
	code, err := os.ReadFile("../wasm/testdata/guests/c-echo/echo.wasm")
	check(t, err)
	return code
}

// BenchmarkSpawn has many callers spawn actors, whose genesis and init are
// recorded.
func BenchmarkSpawn(b *testing.B) {
	for name, open := range map[string]func(*testing.B) chain.Log{
		"memory": func(*testing.B) chain.Log { return memlog.New() },
		"async": func(b *testing.B) chain.Log {
			log, err := badgerlog.Open(filepath.Join(b.TempDir(), "data"), badgerlog.Options{})
			check(b, err)
			b.Cleanup(func() { check(b, log.Close()) })
			return log
		},
	} {
		b.Run(name, func(b *testing.B) {
			s := reopen(b, open(b))
			blueprint, err := s.Prepare(context.Background(), toml(b, "echo", grants), echo(b))
			check(b, err)
			b.ReportAllocs()
			for n := 0; n < b.N; n += spawned {
				var callers sync.WaitGroup
				for c := range spawners {
					callers.Go(func() {
						for i := n + c; i < min(n+spawned, b.N); i += spawners {
							if _, err := s.Spawn(context.Background(), actors.Spec{Blueprint: blueprint, Name: "echo-" + strconv.Itoa(i)}); err != nil {
								b.Error(err)
							}
						}
					})
				}
				callers.Wait()
				b.StopTimer()
				s.stopAll()
				b.StartTimer()
			}
		})
	}
}

const (
	spawned  = 1000 // actors that a benchmark lets live at once
	spawners = 16   // callers that spawn them
)

func (s *stage) stopAll() {
	var stops sync.WaitGroup
	for _, info := range s.List() {
		stops.Go(func() {
			_, err := s.Stop(context.Background(), info.Ref)
			check(s.t, err)
		})
	}
	stops.Wait()
}

// BenchmarkSend sends messages from one actor to another, many in a turn, and
// handles them.
func BenchmarkSend(b *testing.B) {
	const burst = 256
	s := open(b)
	receiver := guest(wasmtest.Guest{HandleSend: wasmtest.Keep(), HandleRequest: wasmtest.Echo()})
	sends := wasmtest.Reply(nil)
	for range burst {
		sends = send("/to", "64 bytes of text that stand for what actors say to each other ..", sends)
	}
	var from, to actors.Ref
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%(100*burst) == 0 { // these guests never give memory back
			b.StopTimer()
			s.stopAll()
			from, to = s.spawn("from", server(sends)), s.spawn("to", receiver)
			b.StartTimer()
		}
		if n%burst == 0 {
			s.answers(from, "", "")
			s.answers(to, "", "")
		}
	}
}
