package actors

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// spread calls f for each number below n, on as many goroutines as there are
// processors, and waits for them. Once ctx has ended it calls it no more.
func spread(ctx context.Context, n int, f func(i int)) error {
	var workers sync.WaitGroup
	var next atomic.Int64
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}
