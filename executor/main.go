package executor

import (
	"fmt"
	"os"
	"sync/atomic"

	"github.com/goaio/aio/executor/internal/process"
	"github.com/goaio/aio/executor/internal/wire"
)

// markerName is the environment variable that makes a process a worker. Its
// value is the number of the process that made the socket, and that of the extra
// files.
const markerName = "AIO_EXECUTOR_WORKER"

const (
	socketFile  = 3 // memory files
	controlFile = 4 // numbers of calls to cancel; its end is that of the parent
	callsFile   = 5
	answersFile = 6
	firstExtra  = 7
)

func marker(parent, extra int) string { return fmt.Sprintf("%s=%d,%d", markerName, parent, extra) }

// isWorker says that this process was started to be a worker.
var isWorker = born()

// claimed says that Main was called in a worker.
var claimed atomic.Bool

// born looks whether a pool has started this process. It takes the marker out of
// the environment: what a function starts is no worker.
func born() bool {
	value, ok := os.LookupEnv(markerName)
	if !ok {
		return false
	}
	os.Unsetenv(markerName)
	var parent, extra int
	// A program may have handed its environment on to a stranger.
	if n, err := fmt.Sscanf(value, "%d,%d", &parent, &extra); n != 2 || err != nil || !wire.CreatedBy(socketFile, parent) {
		return false
	}
	for fd := socketFile; fd < firstExtra+extra; fd++ {
		wire.CloseOnExec(fd)
	}
	process.CloseInherited()
	return true
}

// Main makes a process that a [ProcessPool] has started a worker: it serves
// calls and never returns. In any other process it does nothing. Call it first
// thing in main, and in TestMain of tests that use a process pool:
//
//	func main() {
//		executor.Main()
//		…
//	}
//
// Functions must be registered by then; see [Func].
func Main() {
	if !isWorker || !claimed.CompareAndSwap(false, true) {
		return
	}
	work()
}

// exitForgotten is the exit status of a worker whose program does not call Main.
const exitForgotten = 3

// refuseUnclaimed ends a worker process that is about to start workers of its
// own because its main has not called Main: what it would do next, it would do
// in each of them.
func refuseUnclaimed() {
	if !isWorker || claimed.Load() {
		return
	}
	frame := wire.Frame{Kind: wire.Refused}
	_ = wire.WriteAll(answersFile, frame.Append(nil))
	fmt.Fprintln(os.Stderr, ErrNoMain)
	os.Exit(exitForgotten)
}

// ExtraFile returns, in a worker, the i-th of [ProcessPoolOptions.ExtraFiles];
// nil elsewhere. Each call makes a new os.File of the one descriptor.
func ExtraFile(i int) *os.File {
	if !isWorker || i < 0 {
		return nil
	}
	return os.NewFile(uintptr(firstExtra+i), fmt.Sprintf("extra file %d", i))
}
