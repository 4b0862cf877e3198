package actors

import (
	"errors"
	"io/fs"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm"
)

// errOfNode is what a guest is told of what the node could not do for it.
var errOfNode = errors.New("the node could not do it, and its log says why")

// outward is an exit of the actor as other actors may have it, and with them their
// chains: what one with a sealed chain has failed with is that chain's alone.
func (c *control) outward(exit Exit) Exit {
	if c.manifest.Chain.Sealed {
		exit.Err = nil
	}
	return exit
}

// saying is an exit of the actor in the words that another guest is told.
func (c *control) saying(exit Exit) string {
	exit = c.outward(exit)
	exit.Err = discreet(exit.Err)
	return exit.String()
}

// inherited is an error of a supervisor as the actor may have it whose children it
// supervises.
func inherited(err error) error {
	failed, ok := err.(*supervision.ChildError)
	if !ok {
		return err
	}
	if m, ok := failed.Of.(*member); ok && m.actor.Load() != nil {
		outward := *failed
		outward.Exit = m.actor.Load().outward(failed.Exit)
		return &outward
	}
	return err
}

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
