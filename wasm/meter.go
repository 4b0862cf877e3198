package wasm

import (
	"context"
	"time"

	"github.com/tetratelabs/wazero/api"
)

// sliceFuel is how much a guest runs before it lets others: well under a
// millisecond on an ordinary machine.
const sliceFuel = 1 << 19

// maxDepth is how deep a guest's calls may go. The native stack of that depth
// stays below the engine's own limit, so a guest overflows at the same call
// everywhere.
const maxDepth = 500_000

// meter counts what a turn spends and decides, each time the guest comes by,
// whether it goes on.
type meter struct {
	fuel, depth api.MutableGlobal
	slots       *slots
	courtesy    *courtesy
	wake        chan struct{} // where a slot is handed over

	budget int64 // what the turn may spend
	end    Kind  // of the trap when it spends more
	used   int64 // in the slices before this one
	slice  int64 // given for this one

	limit   time.Duration // of guest time
	ran     time.Duration // guest time before started
	started time.Time     // when it last went on; zero in a turn's first slice
}

// bound says what turns may spend, what they end with when they spend more, and
// how long they may run.
func (m *meter) bound(budget int64, end Kind, limit time.Duration) {
	m.budget, m.end, m.limit = budget, end, limit
}

// begin starts the count of a turn. The turn's time counts from the end of its
// first slice: most turns are over before, and need not look at a clock.
func (m *meter) begin() {
	m.used, m.ran, m.started = 0, 0, time.Time{}
	m.depth.Set(maxDepth)
	m.grant()
}

func (m *meter) grant() {
	m.slice = min(sliceFuel, m.budget-m.used)
	m.fuel.Set(uint64(m.slice))
}

// spent is what the turn has spent so far.
func (m *meter) spent() int64 {
	if m.fuel == nil {
		return 0
	}
	return m.used + m.slice - int64(m.fuel.Get())
}

// enter waits for a slot, and leave gives it back.
func (m *meter) enter() { m.slots.acquire(m.wake, false) }
func (m *meter) leave() { m.slots.release() }

// pause gives the slot back and stops the guest's time, while the host waits.
func (m *meter) pause() {
	if !m.started.IsZero() {
		m.ran += time.Since(m.started)
	}
	m.slots.release()
}

// resume waits for a slot and lets the guest's time go on. hasSpent says that it
// has just spent a slice.
func (m *meter) resume(hasSpent bool) {
	m.slots.acquire(m.wake, hasSpent)
	m.started = time.Now()
}

// yield is the guest coming by with a spent slice. It returns for the guest to
// go on, or says why it may not. Between slices other guests run.
func (m *meter) yield(ctx context.Context) *Trap {
	m.used = m.spent()
	m.slice = 0
	m.fuel.Set(0)
	switch {
	case m.used > m.budget:
		return Trapf(m.end, "the guest spent more than %d of fuel", m.budget)
	case ctx.Err() != nil:
		return causeOf(ctx)
	}
	now := time.Now()
	if m.started.IsZero() {
		m.started = now
	}
	if m.limit > 0 && m.ran+now.Sub(m.started) > m.limit {
		return Trapf(KindDeadline, "the guest ran for more than %v", m.limit)
	}
	m.courtesy.after(now)
	if m.slots.contended() {
		m.pause()
		m.resume(true)
	}
	m.grant()
	return nil
}

// hostFuel is what the host's work costs besides a fuel for each eight bytes.
const hostFuel = 256

// charge takes fuel for work that the host does for the guest, and looks at once
// whether it is spent.
func (m *meter) charge(ctx context.Context, bytes int) *Trap {
	left := int64(m.fuel.Get()) - hostFuel - int64(bytes)/8
	m.fuel.Set(uint64(left))
	if left < 0 {
		return m.yield(ctx)
	}
	return nil
}

// yieldFunc is the host function behind the import that rewriting adds.
type yieldFunc struct{}

// Call lets the guest go on, or ends its turn.
func (yieldFunc) Call(ctx context.Context, _ api.Module, stack []uint64) {
	m := machineOf(ctx)
	switch Reason(int32(stack[0])) {
	case YieldFuel:
		if trap := m.meter.yield(ctx); trap != nil {
			panic(trap)
		}
	case YieldDepth:
		panic(Trapf(KindStack, "the guest's calls are nested too deep"))
	case YieldEndless:
		panic(Trapf(KindPanic, "the guest gave up in an endless empty loop"))
	}
}
