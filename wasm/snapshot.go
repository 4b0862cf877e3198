package wasm

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// Snapshot is what a machine is between two turns: its linear memory, the guest's
// mutable globals and the guest's clock. The actor's state is not in it. It is
// immutable.
type Snapshot struct {
	module  *Module
	memory  image
	globals []uint64
	clock   int64
	arena   uint32
	result  block
}

// ErrFixed is wrapped by the error of a snapshot of a module that has more than
// memory and globals to be put back.
var ErrFixed = errors.New("the module cannot be snapshotted")

// Fixed says why machines of the module cannot be snapshotted, and is "" where they
// can.
func (m *Module) Fixed() string { return m.prepared.Fixed }

// Snapshot copies what the machine is, between turns.
func (m *Machine) Snapshot() (*Snapshot, error) {
	if m.broken != nil {
		return nil, m.broken
	}
	if why := m.module.prepared.Fixed; why != "" {
		return nil, fmt.Errorf("%w: %s", ErrFixed, why)
	}
	s := &Snapshot{module: m.module, memory: imageOf(m.memory.content(), m.module.initialRuns()),
		clock: m.clock.now, arena: m.guest.arena, result: m.guest.result}
	for _, g := range m.guest.globals(m.module.prepared) {
		s.globals = append(s.globals, g.Get())
	}
	return s, nil
}

// Restore puts the machine back to a snapshot of its module: in place, or on a
// fresh instance when the memory has grown since or the guest is gone. It takes
// turns again. The state is not touched. After an error the machine is broken.
func (m *Machine) Restore(ctx context.Context, s *Snapshot) error {
	if s.module != m.module {
		return errors.New("the snapshot is of another module")
	}
	if err := m.restore(ctx, s); err != nil {
		m.broken = ErrBroken
		return err
	}
	m.clock.now = s.clock
	return nil
}

func (m *Machine) restore(ctx context.Context, s *Snapshot) error {
	if s.memory.size > uint64(m.options.MemoryLimit) {
		return Trapf(KindLimit, "the snapshot has %d bytes of memory, the limit is %d", s.memory.size, m.options.MemoryLimit)
	}
	if m.guest.instance == nil || m.guest.instance.IsClosed() || m.memory.size > s.memory.size {
		if err := m.replace(ctx); err != nil {
			return err
		}
	}
	memory, err := m.grown(s.memory.size)
	if err != nil {
		return err
	}
	s.memory.fill(memory)
	m.put(s)
	return nil
}

// put sets all that a snapshot holds but the memory and the clock.
func (m *Machine) put(s *Snapshot) {
	for i, g := range m.guest.globals(m.module.prepared) {
		v := s.globals[i]
		if t := g.Type(); t == api.ValueTypeI32 || t == api.ValueTypeF32 {
			v = uint64(uint32(v))
		}
		g.Set(v)
	}
	m.guest.arena, m.guest.result = s.arena, s.result
	m.pending, m.depth = block{}, 0
	m.console.reset()
	m.random.source = nil
	m.broken, m.ready = nil, true
}

// grown is the linear memory, of that size, which the actor's limit allows.
func (m *Machine) grown(size uint64) (memory []byte, err error) {
	defer func() {
		switch reason := recover().(type) {
		case nil:
		case *Trap: // the node has none left
			err = reason
		default:
			panic(reason)
		}
	}()
	if more := size - m.memory.size; more > 0 {
		m.guest.memory.Grow(uint32(more / pageSize))
	}
	return m.memory.content(), nil
}

// Reset gives the machine a guest that has run nothing since its initialisation:
// in place where that is possible, else on a fresh instance. It takes turns
// again. The state and the clock are not touched. After an error the machine is
// broken.
func (m *Machine) Reset(ctx context.Context) error {
	var err error
	if s := m.module.initial; s != nil && m.guest.instance != nil {
		err = m.restore(ctx, s)
	} else {
		err = m.fresh(ctx)
	}
	if err != nil {
		m.broken = ErrBroken
	}
	return err
}

// fresh gives the machine a new instance, initialised: from what initialisation
// makes of every instance where that is known, else by running it.
func (m *Machine) fresh(ctx context.Context) error {
	s := m.module.initial
	if s != nil && s.memory.size > uint64(m.options.MemoryLimit) {
		return Trapf(KindLimit, "the module has %d bytes of memory once it is initialised, the limit is %d", s.memory.size, m.options.MemoryLimit)
	}
	if err := m.replace(ctx); err != nil {
		return err
	}
	if s == nil {
		return m.start(ctx)
	}
	memory, err := m.grown(s.memory.size)
	if err != nil {
		return err
	}
	m.module.overlay.write(memory)
	m.put(s)
	m.clock.now = max(m.clock.now, s.clock)
	return nil
}

// first initialises the first instance of a module and keeps for those to come
// what that makes of it.
func (m *Machine) first(ctx context.Context) error {
	if err := m.replace(ctx); err != nil {
		return err
	}
	base := imageOf(m.memory.content(), nil)
	if err := m.start(ctx); err != nil || m.module.prepared.Fixed != "" {
		return err
	}
	var err error
	if m.module.initial, err = m.Snapshot(); err == nil {
		m.module.overlay = imageOf(m.memory.content(), base.runs)
	}
	return err
}

// replace drops the instance and makes another.
func (m *Machine) replace(ctx context.Context) (err error) {
	m.Close(context.WithoutCancel(ctx))
	limit := min(uint64(m.options.MemoryLimit), maxPages*pageSize)
	if m.memory, err = m.module.engine.memories.open(m.module.Layout.Memory.Min*pageSize, limit); err != nil {
		return err
	}
	if err := m.instantiate(ctx); err != nil {
		return trapOf(err, m.module)
	}
	return nil
}

// start initialises the instance.
func (m *Machine) start(ctx context.Context) error {
	m.broken, m.ready, m.depth, m.pending = nil, false, 0, block{}
	m.console.reset()
	m.meter.bound(m.options.Fuel, KindLimit, m.options.TurnTime)
	m.meter.begin()
	clock, key, emit := m.clock.now, m.random.key, m.console.emit
	m.clock.now, m.console.emit = initClock, nil
	err := m.guarded(ctx, m.initialise)
	m.clock.now = max(clock, m.clock.now)
	m.random.key, m.console.emit = key, emit
	m.ready = err == nil
	return err
}
