package gid_test

import (
	"fmt"
	"os"
	"runtime"
	"testing"
)

// TestMain fails when a test leaves a goroutine behind.
func TestMain(m *testing.M) {
	before := runtime.NumGoroutine()
	code := m.Run()
	for range 1_000_000 {
		if runtime.NumGoroutine() <= before {
			os.Exit(code)
		}
		runtime.Gosched()
	}
	fmt.Fprintln(os.Stderr, "a test left goroutines behind")
	os.Exit(1)
}
