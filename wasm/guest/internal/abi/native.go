//go:build !wasip1

package abi

import (
	"errors"

	"github.com/theater-go/theater/wasm/pack"
)

// invoke calls the fake host with what really crosses: encoded values.
func (i *Interface) invoke(name string, _ HostFunc, input []byte) (pack.Value, error) {
	if host == nil {
		return pack.Value{}, errors.New("there is no host: use guesttest")
	}
	args, err := pack.Decode(input)
	if err != nil {
		return pack.Value{}, err
	}
	answer, err := pack.Encode(host(i.Name(), name, args))
	if err != nil {
		return pack.Value{}, err
	}
	return pack.Decode(answer)
}
