package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm/pack"
)

func (p *program) callCommand() *cli.Command {
	l := p.newLive()
	return &cli.Command{
		Name:      "call",
		Usage:     "call a function that an actor exports and print what it returns",
		UsageText: "theater call TARGET FUNCTION [LITERAL]",
		Description: `FUNCTION is the whole name of an export of TARGET, the path or id of an actor. Its
parameters are a LITERAL, a tuple or the only one, without it none. What it returns
is printed as a literal. The call is a turn like any other: a function that takes
a state is given the actor's, and what it returns as state is kept. What is not what
TARGET declares of FUNCTION is refused, and the actor does not hear of it.

A LITERAL is read as the types that TARGET declares of FUNCTION: 5 is a number of that
type, some("a") an option, {x: 1, y: 2} a record and circle(1.5) a case of a variant.
Bytes are b"text", in which \x00 is any byte, or a list, [103, 101]. Where none are
declared it names its types: ("text", 5u8, true), some<u8>(5u8), []<string>. LITERAL
that is @FILE is read from the file.

Examples:
   theater call /counter theater:simple/message-server-client.handle-request '("1", b"get")'
   theater call /canvas shapes.draw '(circle(1.5), {x: 1, y: 2}, some("red"))'`,
		Flags: l.flags(),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 2, 3, "a TARGET, the path or id of an actor, and a FUNCTION of its")
			if err != nil {
				return err
			}
			request := &theaterv1.CallRequest{Target: args[0], Function: args[1]}
			if len(args) == 3 {
				literal, err := readLiteral(args[2])
				if err != nil {
					return err
				}
				request.Parameters = &theaterv1.CallRequest_Literal{Literal: literal}
			}
			return l.with(c, func(ctx context.Context, n *conn) error { return n.call(ctx, request) })
		},
	}
}

// called is what a function has returned, as JSON shows it.
type called struct {
	Target   string `json:"target"`
	Function string `json:"function"`
	Value    value  `json:"value"`
}

func (n *conn) call(ctx context.Context, request *theaterv1.CallRequest) error {
	answer, err := askAbout(ctx, n, request.Target, n.Messages.Call, request)
	if err != nil {
		return n.nameExports(ctx, err, request.Target)
	}
	literal, inHex := literalOrHex(answer.Value.GetEncoded())
	if n.live.format.value != "text" {
		return n.live.show(called{request.Target, request.Function, value{Literal: literal, Hex: inHex, Length: answer.Value.GetLength()}})
	}
	return n.live.writeLiteral(literal, inHex)
}

const hintLiteral = `a literal is read as the type that is declared, else names its own: ("text", 5u8, true)`

// readLiteral reads a literal that was typed, or is in a file that is named @FILE, and
// checks what can be checked without the type that the node will read it as.
func readLiteral(text string) (string, error) {
	if file, isFile := strings.CutPrefix(text, "@"); isFile {
		content, err := readFile(file)
		if err != nil {
			return "", err
		}
		text = strings.TrimSpace(string(content))
	}
	if err := pack.CheckLiteral(text); err != nil {
		return "", &failure{code: codeUsage, cause: err, hint: hintLiteral}
	}
	return text, nil
}

// nameExports adds what the actor exports to the error that it has no such function.
func (n *conn) nameExports(ctx context.Context, err error, target string) error {
	if !is(err, api.CodeNoExport) {
		return err
	}
	layout, lookErr := n.layout(ctx, target)
	if lookErr != nil {
		return err
	}
	return &failure{code: codeNotFound, cause: fmt.Errorf("%w", err), hint: "it exports " + callable(layout)}
}
