package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
)

var restartRow = row{
	name: "restart", unit: "restarts/s",
	doc:  "64 C guests trap, and their supervisor starts them again: fresh instance and init, recorded, async; baseline: the faster of 64 plain protoactor actors that panic and, where there is an erl, 64 gen_servers that exit under supervisors of OTP",
	open: openRestarts,
}

// openRestarts readies both sides. An operation is one restart.
func openRestarts(ctx context.Context, s settings) (*contest, error) {
	g, err := openCrashing(ctx, s.machines)
	if err != nil {
		return nil, err
	}
	c := &contest{ours: g.crash, most: s.machines * mailbox}
	o, err := openOTP(ctx, s.machines)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		s.say("restart: there is no erl to measure against")
		o = &otp{}
	case err != nil:
		return nil, errors.Join(err, g.close(context.WithoutCancel(ctx)))
	default:
		c.rivals = []rival{{"OTP", o.restarts}}
	}
	p := openPlainPanics(s.machines)
	c.baseline = p.restarts
	c.close = func(ctx context.Context) error { return errors.Join(p.close(), o.close(ctx), g.close(ctx)) }
	return c, nil
}

// crashing are guests whose parent starts them again as often as they trap.
type crashing struct {
	*guests
	children []actors.Ref
}

// supervising are the tables of the parent's manifest.
const supervising = `
[supervision]
max_restarts = 1000000
period = "1ms"
`

// openCrashing spawns a parent with n children on a node.
func openCrashing(ctx context.Context, n int) (*crashing, error) {
	parent := echoGuest
	parent.tables = supervising
	g, err := openNode(ctx, "async", parent, 1)
	if err != nil {
		return nil, err
	}
	c := &crashing{guests: g}
	m, err := manifest.Parse(fmt.Appendf(nil, manifestOf, g.guest.name), manifest.FileName, g.handlers)
	for i := 0; i < n && err == nil; i++ {
		var child actors.Ref
		child, err = g.system.SpawnChild(ctx, g.refs[0], actors.Child{
			Spec: actors.Spec{Manifest: m, Package: g.guest.code, Name: fmt.Sprintf("child-%d", i)},
		})
		c.children = append(c.children, child)
	}
	if err != nil {
		return nil, errors.Join(err, g.close(context.WithoutCancel(ctx)))
	}
	return c, nil
}

// crash has the children trap about n times in all, one after each restart, and
// waits until each has restarted and the log has acknowledged it.
func (c *crashing) crash(ctx context.Context, n int) (int, error) {
	each := max(1, n/len(c.children))
	want := make([]int64, len(c.children))
	for i, child := range c.children {
		info, err := c.system.Inspect(child)
		if err != nil {
			return 0, err
		}
		want[i] = info.Restarts + int64(each)
	}
	for range each {
		for _, child := range c.children {
			if err := c.send(child, []byte("\x00t")); err != nil {
				return 0, err
			}
		}
	}
	for i, child := range c.children {
		if err := c.await(ctx, child, want[i]); err != nil {
			return 0, err
		}
	}
	return each * len(c.children), c.settle(ctx)
}

// await waits until the child has restarted so often and goes on.
func (c *crashing) await(ctx context.Context, child actors.Ref, restarts int64) error {
	for {
		info, err := c.system.Inspect(child)
		switch {
		case err != nil:
			return err
		case info.Status == actors.StatusEnded:
			return fmt.Errorf("actor %s ended: %v", child, info.Last)
		case info.Restarts == restarts && info.Status == actors.StatusRunning:
			return nil
		}
		if err := rest(ctx); err != nil {
			return err
		}
	}
}

// plainPanics is one plain actor with children that panic.
type plainPanics struct {
	*plain
	children []*actor.PID
	rounds   sync.WaitGroup // of children that are not spawned, or have restarts ahead of them
}

// again tells a child to panic, and after its restart again, so often.
type again struct{ times int }

// openPlainPanics spawns the children under protoactor's default strategy, which
// restarts the one that fails, with no bound on how often.
func openPlainPanics(n int) *plainPanics {
	p := &plainPanics{}
	p.plain = openPlain(1, p.receiveAsParent, actor.WithSupervisor(actor.NewOneForOneStrategy(math.MaxInt, 0, actor.DefaultDecider)))
	p.rounds.Add(n)
	p.system.Root.Send(p.pids[0], brood{n})
	p.rounds.Wait()
	return p
}

func (p *plainPanics) receiveAsParent(ctx actor.Context) {
	if b, ok := ctx.Message().(brood); ok {
		children := actor.PropsFromFunc(p.receive, actor.WithDispatcher(p.dispatcher))
		for range b.size {
			p.children = append(p.children, ctx.Spawn(children))
			p.rounds.Done()
		}
	}
}

func (p *plainPanics) receive(ctx actor.Context) {
	m, ok := ctx.Message().(again)
	switch {
	case !ok:
	case m.times == 0:
		p.rounds.Done()
	default:
		ctx.Send(ctx.Self(), again{m.times - 1})
		panic("told to")
	}
}

// restarts lets the children panic about n times in all and waits until each is
// restarted.
func (p *plainPanics) restarts(_ context.Context, n int) (int, error) {
	each := max(1, n/len(p.children))
	p.rounds.Add(len(p.children))
	for _, child := range p.children {
		p.system.Root.Send(child, again{each})
	}
	p.rounds.Wait()
	return each * len(p.children), nil
}
