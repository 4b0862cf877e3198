package api

import (
	"context"
	"errors"

	"github.com/theater-go/theater/actors"
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
	ref, err := s.live(r.Target)
	if err != nil {
		return nil, named(err)
	}
	params, err := s.parameters(ref, r)
	if err != nil {
		return nil, err
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

// misfit names the field whose value is not what the actor takes, or is no literal.
func misfit(field string, err error) error {
	takes, syntax := (*wasm.ParamsError)(nil), (*pack.SyntaxError)(nil)
	if errors.As(err, &takes) || errors.As(err, &syntax) {
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

// parameters are those of a call to an actor; there may be none.
func (s *messageService) parameters(ref actors.Ref, r *theaterv1.CallRequest) (pack.Value, error) {
	switch given := r.Parameters.(type) {
	case *theaterv1.CallRequest_Encoded:
		return decoded("encoded", given.Encoded)
	case *theaterv1.CallRequest_Literal:
		params, err := s.System.ParseParams(ref, r.Function, given.Literal)
		return params, misfit("literal", err)
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

const hintLiteral = `a literal is read as the type that is declared, else names its own: ("text", 5u8, true)`
