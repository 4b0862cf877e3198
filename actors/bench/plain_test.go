package bench_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/theater-go/theater/actors/bench"
)

func TestTheDispatcherOfTheBaselineEndsWithAWorkerStillBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		schedule, closeIt := bench.NewDispatcher()
		busy := make(chan struct{})
		schedule(func() { <-busy })
		schedule(func() {})
		synctest.Wait()
		var ended sync.WaitGroup
		ended.Go(closeIt)
		synctest.Wait()
		close(busy)
		ended.Wait() // synctest fails here when nothing can end any more
	})
}
