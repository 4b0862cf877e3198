package api

import (
	"context"
	"errors"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// messageService brings messages to actors. Chains name the caller as their cause.
type messageService struct{ *Server }

func (s *messageService) Send(ctx context.Context, r *theaterv1.SendRequest) (*theaterv1.SendResponse, error) {
	ref, err := s.live(r.Target)
	if err != nil {
		return nil, named(err)
	}
	if err := s.System.Send(ref, caller(ctx).Name, r.Body); err != nil {
		return nil, misfit("body", err)
	}
	return &theaterv1.SendResponse{}, nil
}

func (s *messageService) Request(ctx context.Context, r *theaterv1.RequestRequest) (*theaterv1.RequestResponse, error) {
	ref, err := s.live(r.Target)
	if err != nil {
		return nil, named(err)
	}
	body, err := s.System.Request(ctx, ref, caller(ctx).Name, r.Body)
	if err != nil {
		return nil, misfit("body", err)
	}
	return &theaterv1.RequestResponse{Body: body}, nil
}

func (s *messageService) Call(ctx context.Context, r *theaterv1.CallRequest) (*theaterv1.CallResponse, error) {
	if r.Function == "" {
		return nil, invalid("function", "the request names no function")
	}
	params, err := parameters(r)
	if err != nil {
		return nil, err
	}
	ref, err := s.live(r.Target)
	if err != nil {
		return nil, named(err)
	}
	answer, err := s.System.Call(ctx, ref, caller(ctx).Name, r.Function, params)
	if err != nil {
		return nil, misfit(field(r), err)
	}
	encoded, err := pack.Encode(answer)
	if err != nil {
		return nil, err
	}
	return &theaterv1.CallResponse{Value: valueOf(encoded, wholly)}, nil
}

// misfit names the field whose value is not what the actor takes.
func misfit(field string, err error) error {
	if takes := (*wasm.ParamsError)(nil); errors.As(err, &takes) {
		return invalid(field, "%w", err).hinting(hintLiteral)
	}
	return err
}

// field is the one that has the parameters of a call.
func field(r *theaterv1.CallRequest) string {
	if _, ok := r.Parameters.(*theaterv1.CallRequest_Encoded); ok {
		return "encoded"
	}
	return "literal"
}

// parameters are those of a call; there may be none.
func parameters(r *theaterv1.CallRequest) (pack.Value, error) {
	switch given := r.Parameters.(type) {
	case *theaterv1.CallRequest_Encoded:
		return decoded("encoded", given.Encoded)
	case *theaterv1.CallRequest_Literal:
		return literal("literal", given.Literal)
	}
	return pack.Unit, nil
}

func decoded(field string, b []byte) (pack.Value, error) {
	v, err := pack.Decode(b)
	if err != nil {
		return v, invalid(field, "the value is not in the encoding of guests: %w", err)
	}
	return v, nil
}

const hintLiteral = `a literal names its types: ("text", 5u8, true)`

func literal(field, text string) (pack.Value, error) {
	v, err := pack.ParseLiteral(text)
	if err != nil {
		return v, invalid(field, "%w", err).hinting(hintLiteral)
	}
	return v, nil
}
