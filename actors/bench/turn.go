package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

var turnRow = row{
	name: "turn-bare", unit: "turns/s",
	doc: "the C guest answers 64 bytes, one machine, metered, no actor and no recording; baseline: the same export on bare wazero, its buffers allocated once",
	open: func(ctx context.Context, _ settings) (*contest, error) {
		return openTurns(ctx, echoGuest, exportRequest, pack.AppendMessage(nil, "1", strings.Repeat("x", payloadBytes)))
	},
}

// noParams are the parameters of init: the empty tuple.
var noParams = pack.MustEncode(pack.Unit)

// solo is one machine that runs the same turn again and again.
type solo struct {
	program *program
	machine *wasm.Machine
	export  int
	params  []byte // CGRF
}

// openTurns readies the same turns of a guest on both sides: of a machine, and
// on bare wazero. An operation is one turn.
func openTurns(ctx context.Context, of guest, export string, params []byte) (*contest, error) {
	s, err := openSolo(ctx, of, export, params)
	if err != nil {
		return nil, err
	}
	closeIt := func(ctx context.Context) error { return s.close(ctx) }
	b, err := openBare(ctx, of.code, export, s.input())
	if err == nil {
		closeIt = func(ctx context.Context) error { return errors.Join(b.close(ctx), s.close(ctx)) }
		err = s.agrees(ctx, b)
	}
	if err != nil {
		return nil, errors.Join(err, closeIt(context.WithoutCancel(ctx)))
	}
	return &contest{
		ours: func(ctx context.Context, n int) (int, error) {
			for range n {
				if _, err := s.turn(ctx); err != nil {
					return 0, err
				}
			}
			return n, nil
		},
		baseline: func(ctx context.Context, n int) (int, error) {
			for range n {
				if _, err := b.turn(ctx); err != nil {
					return 0, err
				}
			}
			return n, nil
		},
		close: closeIt,
	}, nil
}

func openSolo(ctx context.Context, of guest, export string, params []byte) (*solo, error) {
	p, err := openProgram(ctx, of)
	if err != nil {
		return nil, err
	}
	s := &solo{program: p, params: params}
	if err := s.open(ctx, export); err != nil {
		return nil, errors.Join(err, s.close(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// open starts the machine and runs its init, unless that is what is measured.
func (s *solo) open(ctx context.Context, export string) (err error) {
	if s.machine, err = s.program.start(ctx); err != nil {
		return err
	}
	host, err := s.program.answers(sender)
	if err != nil {
		return err
	}
	s.machine.Attach(host)
	if export != exportInit {
		params := s.params
		s.params = noParams
		if s.export, err = s.program.export(exportInit); err == nil {
			_, err = s.turn(ctx)
		}
		if err != nil {
			return fmt.Errorf("init: %w", err)
		}
		s.params = params
	}
	s.export, err = s.program.export(export)
	return err
}

// turn runs the export with the state that the turn before left.
func (s *solo) turn(ctx context.Context) ([]byte, error) {
	s.machine.Begin(0)
	return s.machine.Turn(ctx, s.export, s.params)
}

// input is what the guest is handed in the next turn.
func (s *solo) input() []byte { return pack.AppendCall(nil, s.machine.State(), s.params) }

// agrees runs a turn on each side and compares the states and responses.
func (s *solo) agrees(ctx context.Context, b *bare) error {
	response, err := s.turn(ctx)
	if err != nil {
		return err
	}
	raw, err := b.turn(ctx)
	if err != nil {
		return err
	}
	var view pack.View
	if !view.Scan(raw) || !view.IsOk(view.Root()) {
		return fmt.Errorf("bare wazero gives %x", raw)
	}
	payload := view.At(view.Root(), 0)
	if !view.Is(view.At(payload, 0), s.machine.State()) || view.Len(payload) > 1 && !view.Is(view.At(payload, 1), response) {
		return fmt.Errorf("bare wazero gives %x, the machine %x and %x", raw, s.machine.State(), response)
	}
	return nil
}

func (s *solo) close(ctx context.Context) error {
	if s.machine != nil {
		s.machine.Close(ctx)
	}
	return s.program.close(ctx)
}
