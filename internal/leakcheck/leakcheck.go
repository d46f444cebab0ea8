// Package leakcheck fails a package's tests when they leave goroutines behind.
package leakcheck

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"testing"
	"time"
)

// Main runs the tests of a package and then waits for the goroutines that they
// started to end; it prints the stacks of those that do not.
func Main(m *testing.M) {
	// The first use of os/signal starts a goroutine that stays.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	signal.Stop(signals)
	before := runtime.NumGoroutine()
	code := m.Run()
	if code == 0 && !settled(before) {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		fmt.Fprintf(os.Stderr, "goroutines left behind: %d, before the tests: %d\n\n%s", runtime.NumGoroutine(), before, stacks)
		code = 1
	}
	os.Exit(code)
}

// settled gives goroutines that are about to end the time to do so.
func settled(before int) bool {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		if runtime.NumGoroutine() <= before {
			return true
		}
		runtime.Gosched()
		runtime.GC()
	}
	return false
}
