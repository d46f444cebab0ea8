package executor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor/internal/wire"
	"github.com/goaio/aio/loop"
)

var (
	// ErrNoMain says that the program does not call [Main], so that it cannot be
	// its own worker.
	ErrNoMain = errors.New("executor: the program must call executor.Main() first thing in main and TestMain to serve as its own worker")
	// ErrOtherProgram says that a worker was built from other code than its pool.
	ErrOtherProgram = wire.ErrOtherProgram
	// ErrMemory says that a worker had more memory than
	// [ProcessPoolOptions.MemoryLimit].
	ErrMemory = errors.New("executor: a worker had more memory than its limit")
	// ErrProtocol says that a worker sent what no worker sends, and was killed.
	ErrProtocol = errors.New("executor: a worker broke the protocol")
	// ErrUnknownFunction says that a worker does not have a function: it was
	// registered after [Main].
	ErrUnknownFunction = errors.New("executor: the worker does not have the function; register it in a package variable")
)

// RemoteError is an error that a function returned in another process: its
// text, and what else of it crosses over. errors.Is finds the errors in it that
// [RegisterError] knows.
type RemoteError struct {
	Function string
	Text     string
	Type     string // the Go type of the original
	Stack    string // where it comes from in the worker
	wrapped  []error
}

func (e *RemoteError) Error() string { return e.Text }

// Unwrap returns the registered errors that the original wrapped.
func (e *RemoteError) Unwrap() []error { return e.wrapped }

// WorkerError says that a worker process died while it ran a function.
type WorkerError struct {
	Function string
	Label    string // of the call
	Pool     string
	PID      int
	Status   string // how the process ended, as "exit status 2" or "killed by SIGSEGV"
	Stderr   string // the end of its standard error
	Err      error  // why it was killed, if the pool did that: ErrMemory, ErrProtocol
}

func (e *WorkerError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "executor: worker process %d died, %s, while it ran %s", e.PID, e.Status, called(e.Function, e.Label))
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Stderr != "" {
		fmt.Fprintf(&b, "; its standard error ended with:\n%s", e.Stderr)
	}
	return b.String()
}

// Unwrap returns Err.
func (e *WorkerError) Unwrap() error { return e.Err }

func called(function, label string) string {
	if label == "" {
		return fmt.Sprintf("%q", function)
	}
	return fmt.Sprintf("%q on %q", function, label)
}

// RefusedError says that an input is not run any more, for it has killed as many
// workers as one may.
type RefusedError struct {
	Function string
	Label    string // of the call
	Input    string // a short hash of it
	Deaths   int
	Last     error // what the last call with it ended with
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("executor: %s is refused: input %s has killed %d workers; the last time: %v",
		called(e.Function, e.Label), e.Input, e.Deaths, e.Last)
}

// Unwrap returns Last.
func (e *RefusedError) Unwrap() error { return e.Last }

// sentinels are the errors that errors.Is finds across processes, by their text.
var sentinels = struct {
	mu    sync.RWMutex
	known map[string]error
}{known: map[string]error{}}

func init() {
	RegisterError(context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe,
		fs.ErrNotExist, fs.ErrExist, fs.ErrPermission, fs.ErrInvalid, fs.ErrClosed, os.ErrDeadlineExceeded,
		errors.ErrUnsupported, aio.ErrQueueFull, aio.ErrShutdown, aio.ErrBroken)
}

// RegisterError has errors.Is find these errors in what functions return in
// other processes. Call it when the package is initialised. It panics when two
// different errors have one text.
func RegisterError(errs ...error) {
	sentinels.mu.Lock()
	defer sentinels.mu.Unlock()
	for _, err := range errs {
		text := err.Error()
		if other, ok := sentinels.known[text]; ok && other != err {
			panic(fmt.Sprintf("executor: two registered errors say %q", text))
		}
		sentinels.known[text] = err
	}
}

const (
	maxText  = 16 << 10
	maxStack = 64 << 10
)

// pack is what of an error crosses over, in the worker.
func pack(f *registration, err error) wire.Error {
	e := wire.Error{Type: fmt.Sprintf("%T", err)}
	var panicked *aio.PanicError
	if errors.As(err, &panicked) {
		e.Panic = true
		e.Text, e.Stack = cut(fmt.Sprint(panicked.Value), maxText), cut(string(panicked.Stack), maxStack)
	} else {
		e.Text = cut(err.Error(), maxText)
		if f != nil {
			e.Stack = f.where
		}
	}
	sentinels.mu.RLock()
	defer sentinels.mu.RUnlock()
	for text, known := range sentinels.known {
		if errors.Is(err, known) {
			e.Sentinels = append(e.Sentinels, text)
		}
	}
	return e
}

func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return text[:most] + fmt.Sprintf("… (%d bytes more)", len(text)-most)
}

// unpack is the error in the pool's process.
func unpack(function string, e wire.Error) error {
	if e.Unknown {
		return fmt.Errorf("%w: %q", ErrUnknownFunction, function)
	}
	remote := &RemoteError{Function: function, Text: e.Text, Type: e.Type, Stack: e.Stack}
	sentinels.mu.RLock()
	for _, text := range e.Sentinels {
		if known := sentinels.known[text]; known != nil {
			remote.wrapped = append(remote.wrapped, known)
		}
	}
	sentinels.mu.RUnlock()
	if !e.Panic {
		return remote
	}
	if e.Sentinels != nil {
		return &loop.PanicError{Value: remote, Stack: []byte(e.Stack)}
	}
	return &loop.PanicError{Value: e.Text, Stack: []byte(e.Stack)}
}
