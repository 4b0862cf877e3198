package wasm

import (
	"context"
	"crypto/sha256"
	"errors"

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

	state   pack.Value
	clock   clock
	random  randomness
	console console
	sleeper int // import index of poll_oneoff, -1 without one

	ctx     context.Context // of the turn that runs
	meter   meter
	ready   bool // initialised: imports are served
	depth   int  // host calls under way, one inside the other
	broken  error
	pending block // result of the last host call, freed at the next
}

// ErrBroken is returned for a turn on a machine whose guest was stopped in the
// middle of one: its memory is not sound.
var ErrBroken = errors.New("the instance was dropped after a trap")

type machineKey struct{}

// machineOf returns the machine that a call into the guest carries.
func machineOf(ctx context.Context) *Machine { return ctx.Value(machineKey{}).(*Machine) }

// Start makes an instance and initialises it in the module's own environment:
// fixed clock, randomness keyed by the module's hash, no theater imports. A
// failure is a *Trap or names what the module lacks.
func (m *Module) Start(ctx context.Context, o Options) (*Machine, error) {
	if need := m.Layout.Memory.Min * pageSize; need > uint64(o.MemoryLimit) {
		return nil, Trapf(KindLimit, "the module needs %d bytes of memory, the limit is %d", need, o.MemoryLimit)
	}
	if o.Fuel == 0 {
		o.Fuel = Unbounded
	}
	mc := &Machine{module: m, options: o, state: DefaultState(), sleeper: -1,
		meter: meter{slots: m.engine.slots, wake: make(chan struct{}, 1)}}
	mc.meter.bound(o.Fuel, KindLimit, o.TurnTime)
	for i, imp := range m.Layout.Imports {
		if imp.WASI() && imp.Name == "poll_oneoff" {
			mc.sleeper = i
		}
	}
	mc.console = console{limit: o.OutputLimit, spend: mc.spend}
	mc.random.spend = mc.spend
	mc.clock.now = initClock
	mc.random.key = func() ([32]byte, error) {
		return sha256.Sum256(append([]byte("theater initialisation\x00"), m.Sum[:]...)), nil
	}
	err := mc.guarded(ctx, func(ctx context.Context) error { return mc.initialise(ctx) })
	if err != nil {
		mc.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	mc.ready = true
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

func (m *Machine) initialise(ctx context.Context) error {
	code := m.module
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions().
		WithRandSource(&m.random).
		WithWalltime(m.walltime, sysapi.ClockResolution(1)).
		WithNanotime(m.clock.read, sysapi.ClockResolution(1)).
		WithNanosleep(m.sleep).
		WithStdout(m.console.writer(Stdout)).
		WithStderr(m.console.writer(Stderr))
	ctx = experimental.WithMemoryAllocator(ctx, limitedMemory(uint64(m.options.MemoryLimit)))
	ctx = experimental.WithImportResolver(ctx, func(name string) api.Module { return code.links[name] })
	instance, err := code.engine.runtime.InstantiateModule(ctx, code.code, config)
	if err != nil {
		return err
	}
	if m.guest, err = newGuest(instance); err != nil {
		return err
	}
	m.meter.fuel = instance.ExportedGlobal(code.prepared.Fuel).(api.MutableGlobal)
	m.meter.depth = instance.ExportedGlobal(code.prepared.Depth).(api.MutableGlobal)
	m.meter.begin()
	if name := code.prepared.Start; name != "" {
		if _, err := instance.ExportedFunction(name).Call(ctx); err != nil {
			return err
		}
	}
	constructor := exportInitialize
	if _, ok := code.Layout.Export(constructor); !ok {
		constructor = exportCtors
	}
	if f := instance.ExportedFunction(constructor); f != nil {
		if _, err := f.Call(ctx); err != nil {
			return err
		}
	}
	m.console.end()
	m.random.source = nil
	return nil
}

// types reads the metadata that __pack_types points to.
func (m *Machine) types(ctx context.Context) (blob []byte, err error) {
	err = m.guarded(ctx, func(ctx context.Context) error {
		m.meter.begin()
		blob, err = m.guest.types(ctx)
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
	if m.broken == nil {
		m.broken = ErrBroken
	}
}

// State is the actor's state after its last turn that succeeded.
func (m *Machine) State() pack.Value { return m.state }

// SetState replaces the state, before the first turn.
func (m *Machine) SetState(v pack.Value) { m.state = v }

// Clock is the guest's time in unix nanoseconds.
func (m *Machine) Clock() int64 { return m.clock.now }

// Memory is the size of the linear memory in bytes.
func (m *Machine) Memory() int64 {
	if m.guest.instance == nil {
		return 0
	}
	return int64(m.guest.memory.Size())
}

// Begin sets the clock to the start of a turn at now and returns the guest's
// time, which is later than any that the guest has seen.
func (m *Machine) Begin(now int64) int64 {
	m.console.begin()
	m.random.source = nil
	return m.clock.begin(now)
}

// Turn calls export number export with the state and params, after Begin. It
// returns the response, and the unit tuple where the guest gave none. The state
// is the guest's new one, or the old one when the turn fails: with a
// *GuestError when the guest answered err, or a *Trap, after which the machine
// takes no more turns. Cancelling ctx ends the turn with the *Trap that is its
// cause, or KindKilled.
func (m *Machine) Turn(ctx context.Context, export int, params pack.Value) (pack.Value, error) {
	if m.broken != nil {
		return pack.Value{}, m.broken
	}
	name := m.module.Layout.Exports[export]
	var output pack.Value
	m.meter.begin()
	err := m.guarded(ctx, func(ctx context.Context) (err error) {
		output, err = m.call(ctx, export, name, params)
		return err
	})
	m.console.end()
	if err != nil {
		return pack.Value{}, err
	}
	state, response, err := splitOutput(output)
	if err != nil {
		if trap := (*Trap)(nil); errors.As(err, &trap) {
			m.broken = ErrBroken
		}
		return pack.Value{}, err
	}
	m.state = state
	return response, nil
}

func (m *Machine) call(ctx context.Context, export int, name string, params pack.Value) (pack.Value, error) {
	if err := m.module.exports.checkState(name, m.state); err != nil {
		return pack.Value{}, err
	}
	input, err := pack.Encode(callInput(m.state, params))
	if err != nil {
		return pack.Value{}, Trapf(KindABI, "encode the input of %s: %v", name, err)
	}
	raw, err := m.guest.call(ctx, m.module, export, input)
	if err == nil {
		err = m.release(ctx)
	}
	if err != nil {
		return pack.Value{}, err
	}
	output, err := pack.Decode(raw)
	if err != nil {
		return pack.Value{}, Trapf(KindResult, "%s returned bytes that are no value: %v", name, err)
	}
	return output, m.module.exports.checkOutput(name, output)
}

// guarded runs f, which calls into the guest, under the turn's time, and makes
// a *Trap of whatever stops it.
func (m *Machine) guarded(ctx context.Context, f func(context.Context) error) error {
	ctx = context.WithValue(ctx, machineKey{}, m)
	m.ctx = ctx
	m.meter.resume(false)
	err := f(ctx)
	m.meter.pause()
	if err != nil {
		trap := trapOf(err, m.module)
		trap.Fuel = m.meter.spent()
		if m.console.fatal != "" && (trap.Kind == KindUnreachable || trap.Kind == KindExit) {
			trap.Kind, trap.Message = KindPanic, m.console.fatal
		}
		m.broken, err = ErrBroken, trap
	}
	m.ctx = nil
	return err
}

// hostCall serves theater import imp: it takes the input out of the guest's
// memory, asks the host while the guest's time stands still, and leaves the output
// in memory that the guest allocates.
func (m *Machine) hostCall(ctx context.Context, imp int, in, inLen, outPtr, outLen uint32) {
	if !m.ready {
		panic(Trapf(KindUninitialised, "%s is called before the first turn", m.module.Layout.Imports[imp]))
	}
	input, ok := m.guest.read(in, inLen)
	if !ok {
		panic(Trapf(KindABI, "%s: the input of %d bytes at %d is outside the memory", m.module.Layout.Imports[imp], inLen, in))
	}
	m.spend(len(input))
	reply, err := m.ask(ctx, imp, input)
	if err != nil {
		panic(err)
	}
	m.spend(len(reply.Output))
	m.depth++
	defer func() { m.depth-- }()
	if m.depth > maxNesting {
		panic(Trapf(KindABI, "host calls are nested more than %d deep inside allocations", maxNesting))
	}
	if err := m.release(ctx); err != nil {
		panic(err)
	}
	result, err := m.guest.put(ctx, m.depth, reply.Output)
	if err != nil {
		panic(err)
	}
	m.pending = result
	if !m.guest.memory.WriteUint32Le(outPtr, result.ptr) || !m.guest.memory.WriteUint32Le(outLen, result.len) {
		panic(Trapf(KindABI, "%s: the result slots at %d and %d are outside the memory", m.module.Layout.Imports[imp], outPtr, outLen))
	}
}

// maxNesting bounds host calls made by a guest inside an allocation that the
// host asked for in the middle of another host call.
const maxNesting = 8

// ask lets the host answer while the guest's time stands still.
func (m *Machine) ask(ctx context.Context, imp int, input []byte) (Reply, error) {
	if m.host == nil {
		return Reply{}, Trapf(KindUninitialised, "%s is called before there is a host", m.module.Layout.Imports[imp])
	}
	m.meter.pause()
	defer m.meter.resume(false)
	reply, err := m.host.Call(ctx, imp, input)
	if err != nil {
		return Reply{}, err
	}
	m.clock.forward(reply.Now)
	return reply, nil
}

// release frees the result of the last host call.
func (m *Machine) release(ctx context.Context) error {
	freed := m.pending
	m.pending = block{}
	return m.guest.drop(ctx, m.depth, freed)
}

func (m *Machine) walltime() (sec int64, nsec int32) {
	now := m.clock.read()
	return now / int64(time.Second), int32(now % int64(time.Second))
}

// sleep is a poll_oneoff that waits for a clock. In a turn it is a recorded
// wait; before the first one time just passes.
func (m *Machine) sleep(ns int64) {
	ns = max(ns, 0)
	if !m.ready {
		m.clock.now += ns
		return
	}
	if _, err := m.ask(m.ctx, m.sleeper, SleepInput(ns)); err != nil {
		panic(err)
	}
}

// spend charges the guest for work of the host that it did not ask a Host for.
func (m *Machine) spend(bytes int) {
	if trap := m.meter.charge(m.ctx, bytes); trap != nil {
		panic(trap)
	}
}

// Spent is what the last turn has spent of its fuel.
func (m *Machine) Spent() int64 { return m.meter.spent() }
