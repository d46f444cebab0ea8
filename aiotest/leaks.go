package aiotest

import (
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio/internal/goroutines"
	"github.com/goaio/aio/loop"
)

// How long goroutines that are about to end are waited for.
const patience = 5 * time.Second

// NoLeaks fails the test at its end, after what was registered with t.Cleanup
// later than this, for each goroutine that was started meanwhile and has not
// ended: it prints the stack, and the name of the task if it is one. Coroutines
// that a loop keeps for its next tasks are no leak. It is for tests that run
// alone: those of a parallel one's neighbours count as its own. [Run] needs no
// NoLeaks.
//
//	func TestServer(t *testing.T) {
//		aiotest.NoLeaks(t)
//		…
//	}
func NoLeaks(t testing.TB) {
	t.Helper()
	before := existing()
	t.Cleanup(func() {
		if left := settle(before); len(left) > 0 {
			t.Errorf("aiotest: %d goroutines left behind; end them, and close loops and servers:\n\n%s", len(left), strings.Join(left, "\n\n"))
		}
	})
}

// VerifyMain runs the tests of a package and exits; it fails them if they leave
// goroutines or tasks behind, as [NoLeaks] does.
//
//	func TestMain(m *testing.M) { aiotest.VerifyMain(m) }
func VerifyMain(m *testing.M) { os.Exit(verifyMain(m.Run)) }

func verifyMain(run func() int) int {
	// The first use of os/signal starts a goroutine that stays.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	signal.Stop(signals)
	before := existing()
	code := run()
	if code != 0 {
		return code
	}
	if left := settle(before); len(left) > 0 {
		fmt.Fprintf(os.Stderr, "aiotest: %d goroutines left behind:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
		return 1
	}
	return 0
}

// existing are the goroutines that are there.
func existing() map[int64]bool {
	ids := map[int64]bool{}
	for _, g := range goroutines.All() {
		ids[g.ID] = true
	}
	return ids
}

// settle waits for the goroutines that are not among before to end, and
// describes those that do not.
func settle(before map[int64]bool) []string { return settleFor(before, patience) }

func settleFor(before map[int64]bool, patience time.Duration) (left []string) {
	self := goroutines.Self().ID
	deadline := time.Now().Add(patience)
	for wait := time.Microsecond; ; wait = min(2*wait, 100*time.Millisecond) {
		left = nil
		for _, g := range goroutines.All() {
			if !before[g.ID] && g.ID != self && !pooled(g) && !ofTheSystem(g) {
				left = append(left, describe(g))
			}
		}
		if len(left) == 0 || time.Now().After(deadline) {
			slices.Sort(left)
			return left
		}
		time.Sleep(wait)
	}
}

// pooled reports whether a goroutine is a coroutine that has no task.
func pooled(g goroutines.Goroutine) bool {
	return calls(g, "github.com/goaio/aio/loop.carry") && !calls(g, taskFunction)
}

// ofTheSystem reports whether the runtime or package testing has started it
// for itself.
func ofTheSystem(g goroutines.Goroutine) bool {
	return strings.HasPrefix(g.Creator, "runtime.") || strings.HasPrefix(g.Creator, "testing.") || calls(g, "os/signal.loop")
}

const taskFunction = "github.com/goaio/aio/loop.(*Task).run"

func calls(g goroutines.Goroutine, function string) bool {
	return slices.ContainsFunc(g.Frames, func(f goroutines.Frame) bool { return f.Function == function })
}

// describe names the task of a loop that still runs.
func describe(g goroutines.Goroutine) string {
	for _, f := range g.Frames {
		if f.Function != taskFunction {
			continue
		}
		address, _ := f.Receiver()
		for _, info := range loop.Snapshot() {
			if fmt.Sprintf("%p", info.Task) == fmt.Sprintf("%#x", address) {
				return info.String() + "\n" + g.Text
			}
		}
	}
	return g.Text
}
