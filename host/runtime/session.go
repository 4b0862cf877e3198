package runtime

import (
	"context"
	"fmt"

	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/wasm/pack"
)

type session struct {
	actor host.Actor
	life  Life
}

// shutdown is the effect of a call of that name.
type shutdown struct{ data []byte }

func (s *session) Call(_ context.Context, c *host.Call) (pack.Value, error) {
	switch c.Function {
	case "log":
		line, _ := c.Args[0].AsString()
		s.life.Log(line)
		return pack.Unit, nil
	case "self":
		return pack.String(s.actor.ID()), nil
	case "shutdown":
		effect := shutdown{}
		if inner, present, _ := c.Args[0].Option(); present {
			effect.data, _ = inner.AsBytes()
			if effect.data == nil {
				effect.data = []byte{}
			}
		}
		c.Defer(effect)
		return pack.Unit, nil
	}
	return pack.Value{}, fmt.Errorf("%s.%s is not served", c.Interface, c.Function)
}

func (s *session) Release(effect any, _ host.Event) {
	s.life.Shutdown(effect.(shutdown).data)
}

func (*session) Close(string) {}
