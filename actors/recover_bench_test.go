package actors_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain/badgerlog"
)

// recoveredActors is how many actors BenchmarkRecover brings back.
const recoveredActors = 10_000

// BenchmarkRecover brings actors back that a node has left: all at the root, or all
// below one supervisor. Opening and closing the node are not counted.
func BenchmarkRecover(b *testing.B) {
	for name, spawn := range map[string]func(testing.TB, *stage, func(func(i int))){
		"roots": func(b testing.TB, s *stage, each func(func(i int))) {
			blueprint, err := s.Prepare(context.Background(), toml(b, "echo", grants), echo(b))
			check(b, err)
			each(func(i int) {
				_, err := s.Spawn(context.Background(), actors.Spec{Blueprint: blueprint, Name: "echo-" + strconv.Itoa(i)})
				check(b, err)
			})
		},
		"children": func(b testing.TB, s *stage, each func(func(i int))) {
			folder := b.TempDir()
			head := "name = \"echo\"\nversion = \"1\"\npackage = \"echo.wasm\"\n" + grants
			check(b, os.WriteFile(filepath.Join(folder, "echo.wasm"), echo(b), 0o666))
			check(b, os.WriteFile(filepath.Join(folder, "echo.toml"), []byte(head), 0o666))
			check(b, os.WriteFile(filepath.Join(folder, manifest.FileName), []byte(head+"[supervision]\nstrategy = \"simple-one-for-one\"\n[[child]]\nid = \"echo\"\nmanifest = \"echo.toml\"\n"), 0o666))
			handlers, err := node.Handlers()
			check(b, err)
			m, err := manifest.Load(folder, handlers)
			check(b, err)
			top, err := s.Spawn(context.Background(), actors.Spec{Manifest: m})
			check(b, err)
			each(func(int) {
				_, err := s.SpawnChild(context.Background(), top, actors.Child{})
				check(b, err)
			})
		},
	} {
		b.Run(name, func(b *testing.B) {
			log, err := badgerlog.Open(filepath.Join(b.TempDir(), "data"), badgerlog.Options{})
			check(b, err)
			b.Cleanup(func() { check(b, log.Close()) })
			s := reopen(b, log)
			spawn(b, s, func(one func(i int)) {
				var callers sync.WaitGroup
				for c := range spawners {
					callers.Go(func() {
						for i := c; i < recoveredActors; i += spawners {
							one(i)
						}
					})
				}
				callers.Wait()
			})
			s.close()
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				s := reopen(b, log)
				runtime.GC()
				b.StartTimer()
				got, err := s.Recover(context.Background(), nil)
				b.StopTimer()
				check(b, err)
				if got.Resumed < recoveredActors || len(got.Left) > 0 {
					b.Errorf("it gives %d of %d, %d left", got.Resumed, got.Total, len(got.Left))
				}
				s.close()
			}
		})
	}
}
