package actors

import (
	"errors"
	"io/fs"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
)

// errOfNode is what a guest is told of what the node could not do for it.
var errOfNode = errors.New("the node could not do it, and its log says why")

// discreet is an error as a guest may be told it.
func discreet(err error) error {
	if ofNode(err) {
		return errOfNode
	}
	return err
}

// ofNode reports whether an error is for the owner of the node alone, for it may
// name paths of the machine.
func ofNode(err error) bool {
	var named *manifest.Error
	var crash *wasm.CompileError
	var file *fs.PathError
	switch {
	case errors.As(err, &named): // of a manifest that a guest has named, and then it names none
		return false
	case errors.As(err, &crash):
		return crash.Fault == wasm.CompileCrash
	}
	return errors.As(err, &file) || errors.Is(err, chain.ErrNoSpace)
}
