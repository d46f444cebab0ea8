package coro

import (
	"fmt"
	"runtime/debug"
)

// A PanicError is a panic, or a runtime.Goexit, that ended a body, on its way to
// the resumer.
type PanicError struct {
	value  any
	stack  []byte
	goexit bool
}

// newPanicError is called in the deferred function that recovered the value,
// where the stack of the origin is still there.
func newPanicError(value any) *PanicError {
	// One that passes through several bodies stays what it was at its origin.
	if p, ok := value.(*PanicError); ok {
		return p
	}
	return &PanicError{value: value, stack: debug.Stack()}
}

func newGoexitError() *PanicError {
	return &PanicError{stack: debug.Stack(), goexit: true}
}

// Value returns what panic was called with, and nil for a Goexit.
func (p *PanicError) Value() any { return p.value }

// Stack returns the stack of the goroutine at the origin, in the format of
// [debug.Stack].
func (p *PanicError) Stack() []byte { return p.stack }

// Goexit reports whether the body called [runtime.Goexit], as testing.T.FailNow
// does, rather than panic.
func (p *PanicError) Goexit() bool { return p.goexit }

// Error includes the stack: a panic that nobody recovers prints nothing else.
func (p *PanicError) Error() string {
	if p.goexit {
		return fmt.Sprintf("runtime.Goexit in a coroutine\n\n%s", p.stack)
	}
	return fmt.Sprintf("panic in a coroutine: %v\n\n%s", p.value, p.stack)
}

// Unwrap returns the panic's value if it is an error.
func (p *PanicError) Unwrap() error {
	err, _ := p.value.(error)
	return err
}
