package wasm

import (
	"context"
	"time"
)

// What a guest asks of the world: theater imports, which the Host answers, and
// the time and waits of WASI.

// hostCall serves theater import imp: it shows the host the input as it lies in
// the guest's memory, and leaves the output there too.
func (m *Machine) hostCall(ctx context.Context, imp int, in, inLen, outPtr, outLen uint32) {
	if !m.ready {
		panic(Trapf(KindUninitialised, "%s is called before the first turn", m.module.Layout.Imports[imp]))
	}
	input, ok := m.guest.memory.Read(in, inLen)
	if !ok {
		panic(Trapf(KindABI, "%s: the input of %d bytes at %d is outside the memory", m.module.Layout.Imports[imp], inLen, in))
	}
	reply, err := m.ask(ctx, imp, input)
	if err != nil {
		panic(err)
	}
	m.depth++
	defer func() { m.depth-- }()
	if m.depth > maxNesting {
		panic(Trapf(KindABI, "host calls are nested more than %d deep inside allocations", maxNesting))
	}
	if freed := m.pending; freed.ptr != 0 {
		m.pending = block{}
		if err := m.guest.drop(ctx, m.depth, freed); err != nil {
			panic(err)
		}
	}
	result, own, err := m.guest.reply(ctx, m.depth, reply.Output)
	if err != nil {
		panic(err)
	}
	if own {
		m.pending = result
	}
	if !m.guest.memory.WriteUint32Le(outPtr, result.ptr) || !m.guest.memory.WriteUint32Le(outLen, result.len) {
		panic(Trapf(KindABI, "%s: the result slots at %d and %d are outside the memory", m.module.Layout.Imports[imp], outPtr, outLen))
	}
	m.spend(int(inLen) + len(reply.Output))
}

// maxNesting bounds host calls made by a guest inside an allocation that the
// host asked for in the middle of another host call.
const maxNesting = 8

// ask lets the host answer.
func (m *Machine) ask(ctx context.Context, imp int, input []byte) (Reply, error) {
	if m.host == nil {
		return Reply{}, Trapf(KindUninitialised, "%s is called before there is a host", m.module.Layout.Imports[imp])
	}
	reply, err := m.host.Call(ctx, imp, input)
	if err == nil {
		m.clock.forward(reply.Now)
	}
	return reply, err
}

// Wait runs f, which waits for something on the guest's behalf, while the guest's
// time stands still and others run. Only a [Host] calls it, within Call.
func (m *Machine) Wait(f func()) {
	m.meter.pause()
	defer m.meter.resume(false)
	f()
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
	if _, err := m.ask(&m.turn, m.sleeper, SleepInput(ns)); err != nil {
		panic(err)
	}
}

// spend charges the guest for work of the host, by the bytes that it is about.
func (m *Machine) spend(bytes int) {
	if trap := m.meter.charge(&m.turn, bytes); trap != nil {
		panic(trap)
	}
}
