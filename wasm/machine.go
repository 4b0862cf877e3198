package wasm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	sysapi "github.com/tetratelabs/wazero/sys"

	"github.com/theater-go/theater/wasm/pack"
)

// Options are what a machine is given by its owner.
type Options struct {
	MemoryLimit int64         // bytes of linear memory
	TurnTime    time.Duration // guest time of a turn, and of initialisation
	Fuel        int64         // what a turn, and initialisation, may spend; 0 is Unbounded
	OutputLimit int           // bytes of text that a turn may write
}

// Machine is one instance of a module and all that decides what it computes.
// It belongs to one goroutine at a time.
type Machine struct {
	module  *Module
	options Options
	host    Host
	guest   guest
	memory  *linearMemory

	states    sync.Mutex // held where the state is replaced, for Peek
	state     pack.Part
	stateType int       // a type that state is known to have, see signatures; anyType where none is
	kept      bool      // the state's bytes are the machine's own
	spare     []byte    // what the state before was kept in
	before    pack.Part // the state before the last turn, until the next
	response  []byte
	view      pack.View

	clock   clock
	random  randomness
	console console
	sleeper int // import index of poll_oneoff, -1 without one

	turn    turnContext // of the turn that runs
	meter   meter
	ready   bool // initialised: imports are served
	depth   int  // host calls under way, one inside the other
	broken  error
	pending block // result of the last host call that is not in the arena, freed at the next
}

// ErrBroken is returned for a turn on a machine whose guest was stopped in the
// middle of one: its memory is not sound.
var ErrBroken = errors.New("the instance was dropped after a trap")

// turnContext is the context of calls into a machine's guest. Host functions find
// the machine by its type.
type turnContext struct {
	context.Context
	machine *Machine
}

// machineOf returns the machine that a call into the guest carries.
func machineOf(ctx context.Context) *Machine { return ctx.(*turnContext).machine }

// Start makes an instance and initialises it in the module's own environment:
// fixed clock, randomness keyed by the module's hash, no theater imports. A
// failure is a *Trap or names what the module lacks. The owner closes the machine:
// its memory is not the garbage collector's.
func (m *Module) Start(ctx context.Context, o Options) (*Machine, error) {
	mc, err := m.machine(o)
	if err != nil {
		return nil, err
	}
	if err := mc.fresh(ctx); err != nil {
		mc.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return mc, nil
}

// machine is a machine without an instance.
func (m *Module) machine(o Options) (*Machine, error) {
	if need := m.Layout.Memory.Min * pageSize; need > uint64(o.MemoryLimit) {
		return nil, Trapf(KindLimit, "the module needs %d bytes of memory, the limit is %d", need, o.MemoryLimit)
	}
	if o.Fuel == 0 {
		o.Fuel = Unbounded
	}
	mc := &Machine{module: m, options: o, state: pack.Part{Bytes: defaultState}, stateType: anyType, sleeper: m.sleeper,
		meter: meter{slots: m.engine.slots, courtesy: m.engine.courtesy, wake: make(chan struct{}, 1)}}
	mc.turn.machine = mc
	mc.console = console{limit: o.OutputLimit, spend: mc.spend}
	mc.random.spend = mc.spend
	mc.clock.now = initClock
	return mc, nil
}

// Unbounded is more fuel than a turn can spend.
const Unbounded = 1 << 62

// Attach gives the machine the host that answers its guest from the next turn on.
func (m *Machine) Attach(h Host) {
	m.attach(h)
	m.meter.bound(m.options.Fuel, KindLimit, m.options.TurnTime)
}

// Replay gives the machine the host that answers its guest in a turn that is
// executed again. It ends with a trap of the kind end when the guest spends more
// than fuel, and at no time.
func (m *Machine) Replay(h Host, fuel int64, end Kind) {
	m.attach(h)
	m.meter.bound(fuel, end, 0)
}

func (m *Machine) attach(h Host) {
	m.host = h
	m.console.emit = h.Output
	m.random.key = h.Key
}

// instantiate makes the instance, which nothing of the guest has run in.
func (m *Machine) instantiate(ctx context.Context) error {
	code := m.module
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions().
		WithRandSource(&m.random).
		WithWalltime(m.walltime, sysapi.ClockResolution(1)).
		WithNanotime(m.clock.read, sysapi.ClockResolution(1)).
		WithNanosleep(m.sleep).
		WithStdout(m.console.writer(Stdout)).
		WithStderr(m.console.writer(Stderr))
	ctx = experimental.WithMemoryAllocator(ctx, m.memory)
	ctx = experimental.WithImportResolver(ctx, func(name string) api.Module { return code.links[name] })
	instance, err := code.engine.runtime.InstantiateModule(ctx, code.code, config)
	if err != nil {
		return err
	}
	if m.guest, err = newGuest(instance, code.prepared); err != nil {
		return err
	}
	m.meter.fuel = instance.ExportedGlobal(code.prepared.Fuel).(api.MutableGlobal)
	m.meter.depth = instance.ExportedGlobal(code.prepared.Depth).(api.MutableGlobal)
	return nil
}

// initialise runs what a module runs before its first turn, in the module's own
// environment, and makes the arena.
func (m *Machine) initialise(ctx context.Context) error {
	m.random.key = func() ([32]byte, error) {
		return sha256.Sum256(append([]byte("theater initialisation\x00"), m.module.Sum[:]...)), nil
	}
	for _, what := range []int32{dispatchStart, dispatchConstructor} {
		if m.module.prepared.cases[what] {
			if _, err := m.guest.invoke(ctx, what, 0, 0, 0, 0); err != nil {
				return err
			}
		}
	}
	if err := m.guest.makeArena(ctx); err != nil {
		return err
	}
	m.console.end()
	m.random.source = nil
	return nil
}

// types reads the metadata that __pack_types points to.
func (m *Machine) types(ctx context.Context) (blob []byte, err error) {
	m.meter.begin()
	err = m.guarded(ctx, func(ctx context.Context) error {
		blob, err = m.guest.types(ctx, m.module.prepared)
		return err
	})
	return blob, err
}

// Close drops the instance. It may be called twice.
func (m *Machine) Close(ctx context.Context) {
	if m.guest.instance != nil {
		// The only error is the exit code of an instance closed before.
		_ = m.guest.instance.Close(ctx)
		m.guest = guest{}
	}
	if m.memory != nil {
		m.memory.release()
	}
	if m.broken == nil {
		m.broken = ErrBroken
	}
}

// State is the actor's state after its last turn that succeeded, as CGRF. It is
// valid until the next turn and must not be changed.
func (m *Machine) State() []byte { return m.state.Bytes }

// Peek copies the state after the last turn that succeeded. Any goroutine may call
// it at any time.
func (m *Machine) Peek() []byte {
	m.states.Lock()
	defer m.states.Unlock()
	return bytes.Clone(m.state.Bytes)
}

// SetState replaces the state, between turns. state is CGRF as [pack.Encode]
// writes it and must not change as long as it is the machine's.
func (m *Machine) SetState(state []byte) {
	m.states.Lock()
	defer m.states.Unlock()
	m.state, m.stateType, m.kept = pack.Part{Bytes: state}, anyType, false
}

// Revert puts the state back that was there before the last turn.
func (m *Machine) Revert() {
	m.states.Lock()
	defer m.states.Unlock()
	m.state, m.stateType, m.kept, m.spare = m.before, anyType, false, nil
}

// Module is what the machine is an instance of.
func (m *Machine) Module() *Module { return m.module }

// Clock is the guest's time in unix nanoseconds.
func (m *Machine) Clock() int64 { return m.clock.now }

// Memory is the size of the linear memory in bytes.
func (m *Machine) Memory() int64 {
	if m.guest.instance == nil {
		return 0
	}
	return int64(m.memory.size)
}

// Begin sets the clock to the start of a turn at now and returns the guest's
// time, which is later than any that the guest has seen.
func (m *Machine) Begin(now int64) int64 {
	m.console.begin()
	m.random.source = nil
	return m.clock.begin(now)
}

// Turn calls export number export with the state and params, after Begin. params
// is CGRF as [pack.Encode] writes it: a tuple, whose items are the parameters, or
// one parameter. It returns the response, likewise, and the unit tuple where the
// guest gave none; it is valid until the next turn. The state is the guest's new
// one, or the old one when the turn fails: with a *GuestError when the guest
// answered err, or a *Trap, after which the machine takes no more turns before a
// Reset. Cancelling ctx ends the turn with the *Trap that is its cause, or
// KindKilled.
func (m *Machine) Turn(ctx context.Context, export int, params []byte) (response []byte, err error) {
	if m.broken != nil {
		return nil, m.broken
	}
	m.before = m.state
	m.meter.begin()
	err = m.guarded(ctx, func(ctx context.Context) (err error) {
		response, err = m.call(ctx, export, params)
		return err
	})
	m.console.end()
	if m.broken != nil {
		m.Revert()
	}
	return response, err
}

// call runs the export and takes its result apart.
func (m *Machine) call(ctx context.Context, export int, params []byte) ([]byte, error) {
	signature := &m.module.exports[export]
	if err := m.checkState(signature); err != nil {
		return nil, err
	}
	in, own, err := m.guest.input(ctx, pack.CallSize(m.state.Bytes, params))
	if err != nil {
		return nil, err
	}
	// Room that was there a moment ago is there now: nothing ran in between.
	view, _ := m.guest.memory.Read(in.ptr, in.len)
	pack.AppendCall(view[:0], m.state.Bytes, params)
	raw, err := m.guest.call(ctx, signature, int32(export), in)
	if err != nil {
		return nil, err
	}
	response, failure := m.split(signature, raw)
	if err := m.tidy(ctx, in, own); err != nil {
		return nil, err
	}
	return response, failure
}

// tidy frees what a call has left in the guest's memory, but for a small result,
// which is given back with the next call.
func (m *Machine) tidy(ctx context.Context, in block, own bool) error {
	if m.pending.ptr != 0 {
		freed := m.pending
		m.pending = block{}
		if err := m.guest.giveBack(ctx, freed); err != nil {
			return err
		}
	}
	if own {
		return m.guest.giveBack(ctx, in)
	}
	if m.guest.result.len > keptResult {
		_, err := m.guest.invoke(ctx, dispatchNothing, 0, 0, 0, 0)
		return err
	}
	return nil
}

// guarded runs f, which calls into the guest, under the turn's time, and makes
// a *Trap of whatever stops it. A *GuestError stops nothing.
func (m *Machine) guarded(ctx context.Context, f func(context.Context) error) error {
	err := m.inside(ctx, f)
	if err == nil {
		return nil
	}
	if _, answered := err.(*GuestError); answered {
		return err
	}
	trap := trapOf(err, m.module)
	trap.Fuel = m.meter.spent()
	if m.console.fatal != "" && (trap.Kind == KindUnreachable || trap.Kind == KindExit) {
		trap.Kind, trap.Message = KindPanic, m.console.fatal
	}
	m.broken = ErrBroken
	return trap
}

// inside runs f in a slot, which it gives back whatever happens.
func (m *Machine) inside(ctx context.Context, f func(context.Context) error) error {
	m.turn.Context = ctx
	m.meter.enter()
	defer func() {
		m.meter.leave()
		m.turn.Context = nil
	}()
	return f(&m.turn)
}

// Spent is what the last turn has spent of its fuel.
func (m *Machine) Spent() int64 { return m.meter.spent() }
