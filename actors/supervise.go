package actors

import (
	"encoding/binary"
	"io"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm/pack"
)

// newSupervisor makes a supervisor of actors.
func (s *System) newSupervisor(observe func(supervision.Event), gaveUp func(Exit)) *supervision.Supervisor {
	return supervision.New(supervision.Config{
		System: s.proto, Clock: clock{system: s}, Chance: s.chance, Observe: observe, Ended: gaveUp,
	})
}

// supervisorProps are those of a supervisor's process. Its mailbox is ours for
// the sake of the dispatcher; what it gets is not counted.
func (s *System) supervisorProps(of *supervision.Supervisor) *actor.Props {
	return actor.PropsFromProducer(func() actor.Actor { return newGuard(of, s.config.Logger) },
		actor.WithMailbox(func() actor.Mailbox { return newMailbox(1, 1) }),
		actor.WithDispatcher(s.dispatcher))
}

// clock is the machine's, read as the system reads it.
type clock struct {
	supervision.RealClock
	system *System
}

func (c clock) Now() time.Time { return c.system.config.Now() }

// chance is a number from [0, 1), which need not be hard to guess.
func (s *System) chance() float64 {
	var b [8]byte
	_, _ = io.ReadFull(s.config.Random, b[:]) // without randomness it is what it is
	return float64(binary.LittleEndian.Uint64(b[:])>>11) / (1 << 53)
}

// supervises are the settings of the supervisor that a manifest describes.
func supervises(m *manifest.Manifest) supervision.Spec {
	s := m.Supervision
	return supervision.Spec{
		Strategy: strategies[s.Strategy], MaxRestarts: s.MaxRestarts, Period: s.Period,
		AutoShutdown: supervision.AutoShutdown(s.AutoShutdown),
		Backoff: supervision.Backoff{Initial: s.Backoff.Initial, Factor: s.Backoff.Factor, Cap: s.Backoff.Cap,
			Jitter: s.Backoff.Jitter, Reset: s.Backoff.Reset},
	}
}

var strategies = map[manifest.Strategy]supervision.Strategy{
	manifest.OneForOne: supervision.OneForOne, manifest.OneForAll: supervision.OneForAll,
	manifest.RestForOne: supervision.RestForOne, manifest.SimpleOneForOne: supervision.OneForOne,
}

// declared is a child that a manifest declares.
type declared struct {
	spec      supervision.ChildSpec // but for Child
	blueprint *Blueprint
	state     []byte // nil is the blueprint's
}

func declaredOf(c manifest.Child, b *Blueprint) declared {
	d := declared{spec: specOf(c), blueprint: b}
	if c.InitialState != nil {
		d.state = pack.MustEncode(pack.String(*c.InitialState))
	}
	return d
}

// template reports whether the declared child is one that spawn makes children
// from, and none itself.
func (b *Blueprint) template() bool {
	return b.manifest.Supervision.Strategy == manifest.SimpleOneForOne
}

// specOf is a declared child as its supervisor has it.
func specOf(c manifest.Child) supervision.ChildSpec {
	s := supervision.ChildSpec{ID: c.ID, Restart: supervision.Restart(c.Restart), Significant: c.Significant,
		Shutdown: supervision.Shutdown{Time: c.Shutdown.Time, Infinite: c.Shutdown.Infinite}}
	if c.Shutdown.Brutal {
		s.Shutdown = supervision.BrutalKill
	}
	return s
}

// spawnedShutdown is that of a child which a guest spawns.
var spawnedShutdown = supervision.Shutdown{Time: 5 * time.Second}

// keepsState reports whether the actor goes on with its last state when it
// starts again, and its children with it: it has one, and its manifest says so.
func (c *control) keepsState() bool {
	return c.manifest.Supervision.RestartState == manifest.RestartLast && c.born.Load()
}
