package bench

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
)

// recorders are machines of the C guest that record their turns in a log of
// their own, without the processes of actors around them.
type recorders struct {
	program *program
	log     chain.Log
	writer  chain.Writer
	all     []*recorder

	closers
}

// openRecorders starts n machines on a log in a new data folder and runs their
// inits.
func openRecorders(ctx context.Context, n int) (*recorders, error) {
	r := &recorders{}
	return r, r.opened(ctx, func() error {
		folder, err := r.folder()
		if err != nil {
			return err
		}
		if r.log, err = badgerlog.Open(folder, badgerlog.Options{Durability: badgerlog.Async}); err != nil {
			return err
		}
		r.onClose(func(context.Context) error { return r.log.Close() })
		if r.writer, err = r.log.Writer(ctx); err != nil {
			return err
		}
		r.onClose(func(context.Context) error { return r.writer.Close() })
		if r.program, err = openProgram(ctx, echoGuest); err != nil {
			return err
		}
		r.onClose(r.program.close)
		for range n {
			if err := r.add(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// add starts one more machine.
func (r *recorders) add(ctx context.Context) error {
	id, err := chain.NewID(time.Now(), rand.Reader)
	if err != nil {
		return err
	}
	one := &recorder{of: r, id: id}
	if one.answers, err = r.program.answers(id.String()); err != nil {
		return err
	}
	if one.init, err = r.program.export(exportInit); err != nil {
		return err
	}
	if one.send, err = r.program.export(exportSend); err != nil {
		return err
	}
	if one.machine, err = r.program.start(ctx); err != nil {
		return err
	}
	r.onClose(func(ctx context.Context) error { one.machine.Close(ctx); return nil })
	r.all = append(r.all, one)
	return one.birth(ctx)
}
