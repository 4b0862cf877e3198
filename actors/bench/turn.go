package bench

import (
	"bytes"
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
		body := pack.Bytes([]byte(strings.Repeat("x", payloadBytes)))
		return openTurns(ctx, echoGuest, exportRequest, pack.Tuple(pack.String("1"), body))
	},
}

// solo is one machine that runs the same turn again and again.
type solo struct {
	program *program
	machine *wasm.Machine
	export  int
	params  pack.Value
}

// openTurns readies the same turns of a guest on both sides: of a machine, and
// on bare wazero. An operation is one turn.
func openTurns(ctx context.Context, of guest, export string, params pack.Value) (*contest, error) {
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

func openSolo(ctx context.Context, of guest, export string, params pack.Value) (*solo, error) {
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
		s.params = pack.Unit
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
func (s *solo) turn(ctx context.Context) (pack.Value, error) {
	s.machine.Begin(0)
	return s.machine.Turn(ctx, s.export, s.params)
}

// input is what the guest is handed in the next turn.
func (s *solo) input() pack.Value {
	items := []pack.Value{s.machine.State()}
	for i := range s.params.Len() {
		items = append(items, s.params.At(i))
	}
	return pack.Tuple(items...)
}

// agrees runs a turn on each side and compares the states and responses.
func (s *solo) agrees(ctx context.Context, b *bare) error {
	response, err := s.turn(ctx)
	if err != nil {
		return err
	}
	items := []pack.Value{s.machine.State()}
	if !response.Equal(pack.Unit) {
		items = append(items, response)
	}
	want, err := pack.Encode(pack.Tuple(items...))
	if err != nil {
		return err
	}
	raw, err := b.turn(ctx)
	if err != nil {
		return err
	}
	result, err := pack.Decode(raw)
	if err != nil {
		return err
	}
	payload, ok, _ := result.Result()
	if !ok {
		return fmt.Errorf("bare wazero gives %s", result)
	}
	if got, err := pack.Encode(payload); err != nil || !bytes.Equal(got, want) {
		return fmt.Errorf("bare wazero gives %s, the machine %s and %s", payload, s.machine.State(), response)
	}
	return nil
}

func (s *solo) close(ctx context.Context) error {
	if s.machine != nil {
		s.machine.Close(ctx)
	}
	return s.program.close(ctx)
}
