package aio

import (
	"context"
	"errors"
	"iter"
	"os"
	"os/signal"
	"slices"

	"github.com/goaio/aio/loop"
)

// Signals ranges over signals as the process gets them, in a task or in a plain
// goroutine. A cancel of ctx ends the range with a [*CancelledError].
//
//	for _, err := range aio.Signals(ctx, syscall.SIGHUP) {
//		if err != nil {
//			return err
//		}
//		…
//	}
//
// The signals are caught from the start of the range to its end, however that
// comes about; outside of it they have their usual effect on the process. A
// signal that nobody can catch (SIGKILL, SIGSTOP) is refused with an error, and
// so is naming none. Several ranges, and receivers of
// [loop.Loop.AddSignalHandler], may have the same signal: each of them gets it.
// To have os.Interrupt to yourself give Run the option [NoInterrupt].
//
// Signals are not counted: one of each kind is kept for the next turn of the
// range, and more of that kind are one with it. Which comes first when several
// kinds are due is not defined.
//
// Under virtual time a range does not hold the clock, nor does it count as
// somebody who could wake a task: see [Recv].
func Signals(ctx context.Context, signals ...os.Signal) iter.Seq2[os.Signal, error] {
	return func(yield func(os.Signal, error) bool) {
		if err := checkSignals(signals); err != nil {
			yield(nil, err)
			return
		}
		var arrived os.Signal
		var cases []SelectCase
		for i, sig := range signals {
			if slices.Contains(signals[:i], sig) {
				continue
			}
			// One channel each, so that a storm of one crowds out no other.
			ch := make(chan os.Signal, 1)
			signal.Notify(ch, sig)
			defer signal.Stop(ch)
			cases = append(cases, RecvCase(ch, &arrived, nil))
		}
		for {
			if _, err := Select(ctx, cases...); err != nil {
				yield(nil, err)
				return
			}
			if !yield(arrived, nil) {
				return
			}
		}
	}
}

func checkSignals(signals []os.Signal) error {
	if len(signals) == 0 {
		return errors.New("aio: name the signals to range over; there are some that the Go runtime sends to itself")
	}
	for _, sig := range signals {
		if err := loop.CheckSignal(sig); err != nil {
			return err
		}
	}
	return nil
}
