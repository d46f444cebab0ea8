package executor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"time"
)

// ProcessPoolOptions are the settings of a [ProcessPool]. The zero value of each
// means its default.
type ProcessPoolOptions struct {
	// Name is the pool's in errors and log lines.
	Name string
	// Workers is the most processes that run calls at a time; the default is the
	// number of processors that the program uses (GOMAXPROCS). Beside them there
	// may be some that are just being killed.
	Workers int
	// MinWorkers are started at once and kept; the default is none.
	MinWorkers int
	// IdleTimeout is how long a worker beyond MinWorkers is kept without work, up
	// to half as long again; the default is a minute, and a negative one keeps
	// them.
	IdleTimeout time.Duration
	// QueueLength is how many calls may wait while all workers are busy; the
	// default is 1024, and with a negative one none may wait.
	QueueLength int
	// CallsPerWorker is how many calls a worker runs before another one takes its
	// place; the default is no bound.
	CallsPerWorker int

	// Timeout bounds the running time of each call that has no Timeout of its
	// own; the default is no bound.
	Timeout time.Duration
	// Grace is that of calls without a Grace of their own, by default a second; a
	// negative one kills at once.
	Grace time.Duration
	// StartTimeout bounds the time from a worker's start until it takes calls, the
	// initializer included; the default is 30 seconds.
	StartTimeout time.Duration

	// MemoryLimit is the most memory, in bytes, that a worker may have resident:
	// its collector gets nine tenths of it as GOMEMLIMIT, and a worker that has
	// more is killed, within a tenth of a second. The default is no limit.
	MemoryLimit int64
	// PayloadLimit bounds an encoded input or result, in bytes; the default is
	// one gigabyte.
	PayloadLimit int64
	// DeathsPerInput is how many workers an input may kill before it is refused
	// with a [*RefusedError]; the default is 3.
	DeathsPerInput int

	// Initializer is run by each worker before its first call. If it fails the
	// pool is broken: [aio.ErrBroken], with the cause.
	Initializer *Bound

	// Environment are variables ("NAME=value") that workers have beside the
	// pool's own, which they replace.
	Environment []string
	// Directory is the workers' working directory; the default is the pool's.
	Directory string
	// Nice is added to the workers' nice value. Less than 0 needs privileges.
	Nice int
	// ExtraFiles are open in the workers, which get them by [ExtraFile]. They
	// inherit no other descriptor but the standard ones.
	ExtraFiles []*os.File
	// Stdout is where the workers' standard output goes; the default is the
	// pool's own. Standard input is empty.
	Stdout *os.File
	// Stderr is where the workers' standard error goes, of which the pool keeps
	// the end for errors; the default is the pool's own. Its Write is called by
	// one goroutine for each worker.
	Stderr io.Writer
	// Logger gets the lines that functions log with slog, each with the pool, the
	// process, the call and its function; the default is slog's own.
	Logger *slog.Logger
	// Executable is what workers are started from; the default is the program
	// itself. It must be the same build.
	Executable string
}

// withDefaults returns the options with every default filled in.
func (o ProcessPoolOptions) withDefaults() (ProcessPoolOptions, error) {
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	setDefault(&o.IdleTimeout, time.Minute)
	setDefault(&o.QueueLength, 1024)
	setDefault(&o.Grace, time.Second)
	setDefault(&o.StartTimeout, 30*time.Second)
	setDefault(&o.PayloadLimit, 1<<30)
	setDefault(&o.DeathsPerInput, 3)
	o.QueueLength, o.Grace = max(o.QueueLength, 0), max(o.Grace, 0)
	if o.Stdout == nil {
		o.Stdout = os.Stdout
	}
	if o.Stderr == nil {
		o.Stderr = os.Stderr
	}
	var errs []error
	refuse := func(wrong bool, format string, arguments ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("executor: "+format, arguments...))
		}
	}
	refuse(o.Workers < 0 || o.Workers > maxWorkers, "Workers is %d, and must be from 1 to %d", o.Workers, maxWorkers)
	refuse(o.MinWorkers < 0 || o.MinWorkers > o.Workers, "MinWorkers is %d, and must be from 0 to Workers, which is %d", o.MinWorkers, o.Workers)
	refuse(o.CallsPerWorker < 0, "CallsPerWorker is %d", o.CallsPerWorker)
	refuse(o.Timeout < 0, "Timeout is %v", o.Timeout)
	refuse(o.StartTimeout < 0, "StartTimeout is %v", o.StartTimeout)
	refuse(o.MemoryLimit < 0 || o.MemoryLimit > 0 && o.MemoryLimit < leastMemory,
		"MemoryLimit is %d bytes; a Go program needs %d at least", o.MemoryLimit, leastMemory)
	refuse(o.PayloadLimit < 0, "PayloadLimit is %d", o.PayloadLimit)
	refuse(o.DeathsPerInput < 0, "DeathsPerInput is %d", o.DeathsPerInput)
	return o, errors.Join(errs...)
}

const (
	maxWorkers  = 4096
	leastMemory = 16 << 20
)

func setDefault[T comparable](value *T, to T) {
	var zero T
	if *value == zero {
		*value = to
	}
}

// logLevel is the least level of lines that workers send.
func (o *ProcessPoolOptions) logLevel() int {
	handler := o.logger().Handler()
	for level := slog.LevelDebug - 4; level <= slog.LevelError; level += 4 {
		if handler.Enabled(context.Background(), level) {
			return int(level)
		}
	}
	return int(slog.LevelError)
}

func (o *ProcessPoolOptions) logger() *slog.Logger {
	if o.Logger != nil {
		return o.Logger
	}
	return slog.Default()
}
