package loop

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func poolRecovered(fn func()) (err *PanicError) {
	defer func() { err = NewPanicError(recover()) }()
	fn()
	return nil
}

func poolTestPanics(v any) { panic(v) }

func TestPanicErrorShowsValueAndOrigin(t *testing.T) {
	err := poolRecovered(func() { poolTestPanics("out of cheese") })
	text := err.Error()
	if !strings.HasPrefix(text, "panic: out of cheese\n\ngoroutine ") {
		t.Errorf("Error() begins with %.60q", text)
	}
	if !strings.Contains(text, "poolTestPanics") {
		t.Errorf("Error() does not show where the panic began:\n%s", text)
	}
	if strings.Contains(text, "debug.Stack") || strings.Contains(text, "NewPanicError") {
		t.Errorf("Error() shows the frames that recovered:\n%s", text)
	}
}

func TestPanicErrorOfRuntimeError(t *testing.T) {
	var m map[string]int
	err := poolRecovered(func() { m["x"] = 1 })
	if !strings.Contains(err.Error(), "assignment to entry in nil map") {
		t.Error(err)
	}
	if err.Unwrap() == nil {
		t.Error("a runtime.Error is an error, but Unwrap returned nil")
	}
}

func TestPanicErrorUnwrap(t *testing.T) {
	if err := poolRecovered(func() { panic(io.EOF) }); !errors.Is(err, io.EOF) {
		t.Errorf("errors.Is(%v, io.EOF) = false", err)
	}
	if err := poolRecovered(func() { panic(42) }).Unwrap(); err != nil {
		t.Errorf("Unwrap() = %v, want nil", err)
	}
}

func TestPanicErrorRaisedAgainKeepsFirstStack(t *testing.T) {
	first := poolRecovered(func() { poolTestPanics("x") })
	if again := poolRecovered(func() { panic(first) }); again != first {
		t.Errorf("got another error: %v", again)
	}
}

func TestPanicErrorOutsideOfPanic(t *testing.T) {
	if err := NewPanicError("x"); len(err.Stack) == 0 {
		t.Error("no stack")
	}
	for _, stack := range []string{"", "goroutine 1 [running]:", "\npanic("} {
		trimStack([]byte(stack))
	}
}
