package bench

import (
	"context"
	"os"
	"time"

	"crypto/rand"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
)

// ward is machines of the C guest that record their turns in a log of their own,
// without the processes of actors around them.
type ward struct {
	program  *program
	log      chain.Log
	writer   chain.Writer
	patients []*patient

	closers
}

// openWard starts n machines on a log in a new data folder and runs their inits.
func openWard(ctx context.Context, n int) (*ward, error) {
	w := &ward{}
	return w, w.opened(ctx, func() error {
		folder, err := os.MkdirTemp("", "theater-bench-")
		if err != nil {
			return err
		}
		w.onClose(func(context.Context) error { return os.RemoveAll(folder) })
		if w.log, err = badgerlog.Open(folder, badgerlog.Options{Durability: badgerlog.Async}); err != nil {
			return err
		}
		w.onClose(func(context.Context) error { return w.log.Close() })
		if w.writer, err = w.log.Writer(ctx); err != nil {
			return err
		}
		w.onClose(func(context.Context) error { return w.writer.Close() })
		if w.program, err = openProgram(ctx, echoGuest); err != nil {
			return err
		}
		w.onClose(w.program.close)
		for range n {
			if err := w.admit(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// admit starts one more machine.
func (w *ward) admit(ctx context.Context) error {
	id, err := chain.NewID(time.Now(), rand.Reader)
	if err != nil {
		return err
	}
	p := &patient{ward: w, id: id}
	if p.answers, err = w.program.answers(id.String()); err != nil {
		return err
	}
	if p.init, err = w.program.export(exportInit); err != nil {
		return err
	}
	if p.send, err = w.program.export(exportSend); err != nil {
		return err
	}
	if p.machine, err = w.program.start(ctx); err != nil {
		return err
	}
	w.onClose(func(ctx context.Context) error { p.machine.Close(ctx); return nil })
	w.patients = append(w.patients, p)
	return p.birth(ctx)
}
