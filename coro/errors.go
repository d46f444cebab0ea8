package coro

import (
	"errors"
	"slices"
)

var (
	// ErrRunning says that a coroutine or generator was resumed or stopped
	// while it runs, by itself or by another goroutine.
	ErrRunning = errors.New("coro: already running")

	// ErrStopIteration is what a generator returns once its body has ended. It
	// is Python's StopIteration.
	ErrStopIteration = errors.New("coro: the generator has ended")

	// ErrGeneratorExit is what the body's Yield returns when the generator is
	// being closed: the body releases what it holds and returns. It is Python's
	// GeneratorExit.
	ErrGeneratorExit = errors.New("coro: the generator is being closed")

	// ErrJustStarted says that a value was sent into a generator that has not
	// reached its first Yield, where nothing could receive it.
	ErrJustStarted = errors.New("coro: cannot send a non-zero value to a just-started generator")

	// ErrIgnoredExit says that the body yielded again after ErrGeneratorExit.
	// The generator is still suspended and still holds its goroutine.
	ErrIgnoredExit = errors.New("coro: the generator ignored ErrGeneratorExit")

	errThrowNil = errors.New("coro: Throw(nil)")

	// errLeakedStop stands in for an ErrStopIteration that the body returned,
	// most likely another generator's that it did not expect to end: PEP 479.
	errLeakedStop = errors.New("coro: the generator's body returned ErrStopIteration")
)

// isExit reports whether err is ErrGeneratorExit, wrapped or not, and nothing
// else. errors.Is would hide the error of a cleanup that is joined with it.
func isExit(err error) bool {
	for err != nil && err != ErrGeneratorExit {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			return !slices.ContainsFunc(joined.Unwrap(), func(err error) bool { return !isExit(err) })
		}
		err = errors.Unwrap(err)
	}
	return err != nil
}
