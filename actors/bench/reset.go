package bench

import (
	"context"
	"errors"
	"runtime"
)

var resetRow = row{
	name: "restart-reset", unit: "restarts/s",
	doc:  "64 C guests trap, are reset in place and run init, recorded, async, without a supervisor; baseline: 64 plain protoactor actors panic and are restarted by their parent",
	open: openResets,
}

// openResets readies both sides. An operation is one restart.
func openResets(ctx context.Context, s settings) (*contest, error) {
	r, err := openRecorders(ctx, s.machines)
	if err != nil {
		return nil, err
	}
	p := openPlainPanics(s.machines)
	return &contest{
		ours:     r.restarts,
		baseline: p.restarts,
		close:    func(ctx context.Context) error { return errors.Join(p.close(), r.close(ctx)) },
	}, nil
}

// restarts restarts every machine a number of times, about n in all, on as many
// goroutines as the program has processors, and waits until the log has
// acknowledged it.
func (r *recorders) restarts(ctx context.Context, n int) (int, error) {
	each := max(1, n/len(r.all))
	workers := min(runtime.GOMAXPROCS(0), len(r.all))
	err := together(workers, func(first int) error {
		for range each {
			for i := first; i < len(r.all); i += workers {
				if err := r.all[i].restart(ctx); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return each * len(r.all), r.writer.Flush(ctx)
}
