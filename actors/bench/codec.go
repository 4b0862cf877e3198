package bench

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/theater-go/theater/wasm/pack"
)

var codecRow = row{
	name: "codec", unit: "round trips/s",
	doc:  "encode and decode a tuple of a string and bytes, 256 each; baseline: protobuf's Any, the same two fields",
	open: openCodec,
}

const codecBytes = 256

// openCodec readies both codecs: each encodes a value that is there into a
// buffer that it uses again, and decodes it into a new value.
func openCodec(context.Context, settings) (*contest, error) {
	text, data := strings.Repeat("theater ", codecBytes/8), bytes.Repeat([]byte{0, 127, 128, 255}, codecBytes/4)
	value := pack.Tuple(pack.String(text), pack.Bytes(data))
	message := &anypb.Any{TypeUrl: text, Value: data}
	var buffer []byte
	return &contest{
		ours: func(_ context.Context, n int) (int, error) {
			var got pack.Value
			var err error
			for range n {
				if buffer, err = pack.AppendEncode(buffer[:0], value); err != nil {
					return 0, err
				}
				if got, err = pack.Decode(buffer); err != nil {
					return 0, err
				}
			}
			return n, same(got.Equal(value))
		},
		baseline: func(_ context.Context, n int) (int, error) {
			var got *anypb.Any
			var err error
			for range n {
				if buffer, err = (proto.MarshalOptions{}).MarshalAppend(buffer[:0], message); err != nil {
					return 0, err
				}
				got = &anypb.Any{}
				if err = proto.Unmarshal(buffer, got); err != nil {
					return 0, err
				}
			}
			return n, same(got.TypeUrl == text && bytes.Equal(got.Value, data))
		},
		close: func(context.Context) error { return nil },
	}, nil
}

func same(equal bool) error {
	if !equal {
		return errors.New("what was decoded is not what was encoded")
	}
	return nil
}
