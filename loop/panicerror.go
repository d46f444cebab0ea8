package loop

import (
	"bytes"
	"fmt"
	"runtime/debug"

	"github.com/goaio/aio/coro"
)

// A PanicError is a panic that was recovered and is handed on as an error: by a task to its awaiter, by a job of an
// executor to whoever waits for it.
type PanicError struct {
	Value any    // what was passed to panic
	Stack []byte // the stack of the goroutine that panicked, as runtime/debug.Stack prints it
}

// NewPanicError is called in the deferred function that recovered value, so that the stack still shows where the panic
// began. A panic that was handed on once and raised again keeps its first stack.
func NewPanicError(value any) *PanicError {
	switch e := value.(type) {
	case *PanicError:
		return e
	case *coro.PanicError:
		return &PanicError{Value: e.Value(), Stack: e.Stack()}
	}
	return &PanicError{Value: value, Stack: trimStack(debug.Stack())}
}

// trimStack leaves out the frames of the recovering functions, which stand between the header and the panic.
func trimStack(stack []byte) []byte {
	header := bytes.IndexByte(stack, '\n') + 1
	if panicked := bytes.Index(stack, []byte("\npanic(")); panicked >= header {
		return append(stack[:header], stack[panicked+1:]...)
	}
	return stack
}

// Error returns the panic's value, and its stack from the next line but one.
func (e *PanicError) Error() string {
	return fmt.Sprintf("panic: %v\n\n%s", e.Value, e.Stack)
}

// Unwrap returns the panic's value if it is an error, else nil.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
