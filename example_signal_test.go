//go:build unix

package aio_test

import (
	"context"
	"fmt"
	"os"
	"syscall"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// A server reads its configuration anew when it is told to with SIGHUP.
func ExampleSignals() {
	version := 1
	load := func() { fmt.Println("configuration", version); version++ }
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		load()
		reload := aio.Go(ctx, func(ctx context.Context) error {
			for _, err := range aio.Signals(ctx, syscall.SIGHUP) {
				if err != nil {
					return err
				}
				load()
				break // a server would go on
			}
			return nil
		})
		// What follows is kill -HUP, by hand.
		_ = aio.Yield(ctx)
		_ = syscall.Kill(os.Getpid(), syscall.SIGHUP)
		_, err := reload.Await(ctx)
		return err
	})
	fmt.Println(err)
	// Output:
	// configuration 1
	// configuration 2
	// <nil>
}

// A program that cleans up by itself when it is interrupted or terminated.
func ExampleNoInterrupt() {
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		over := aio.NewFuture[os.Signal]()
		for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
			h, err := loop.Current().AddSignalHandler(sig, func() { _ = over.SetResult(sig) })
			if err != nil {
				return err
			}
			defer h.Cancel()
		}
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM) // somebody else does
		sig, err := over.Await(ctx)
		fmt.Println("closing:", sig)
		return err
	}, aio.NoInterrupt())
	fmt.Println(err)
	// Output:
	// closing: terminated
	// <nil>
}
