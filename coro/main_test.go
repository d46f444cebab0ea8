package coro_test

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"testing"
)

// TestMain fails when a test leaves a goroutine behind, which a coroutine that
// was never ended does.
func TestMain(m *testing.M) {
	before := runtime.NumGoroutine()
	code := m.Run()
	for range 1_000_000 {
		if runtime.NumGoroutine() <= before {
			os.Exit(code)
		}
		runtime.Gosched()
	}
	fmt.Fprintln(os.Stderr, "goroutines left behind:")
	_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 2)
	os.Exit(1)
}
