// Package main is the program theater: it turns signals into the end of the
// command, and the command's end into an exit code. Everything else is in cli.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/theater-go/theater/cli"
)

func main() { os.Exit(run()) }

// run ends the command at the first signal and kills what it runs at the
// second; a third ends the process as the system does.
func run() int {
	// Guests may be inside wasm on every core, and cannot be preempted there: one
	// more processor keeps the rest of the program going beside them.
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	kill := make(chan struct{})
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel(cli.ErrInterrupted)
		<-signals
		close(kill)
		signal.Stop(signals)
	}()
	// Who reads no more of the results is no reason to die: the write says so.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	program, err := os.Executable()
	if err != nil {
		program = "" // modules are then compiled in this process
	}
	return cli.Run(ctx, os.Args[1:], cli.Console{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Kill: kill, Hangup: hangups, Program: program})
}

// hangups has SIGHUP told instead of ending the process, until stop is called.
func hangups() (hung <-chan os.Signal, stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	return signals, func() { signal.Stop(signals) }
}
