package aio

import (
	"time"

	"github.com/goaio/aio/loop"
)

// Debug has the loop look out for mistakes and report each with what to do
// about it: callbacks and steps that hold the loop for 100 ms or longer (see
// [Watchdog]), methods of the loop that are called on the wrong goroutine,
// awaits with another task's context or with the OS thread locked, tasks that
// nobody awaits, tasks that nothing can wake. An await then takes about ten
// microseconds more. AIO_DEBUG=1 in the environment does the same for every
// loop. It is asyncio's debug mode.
func Debug() Option { return func(s *settings) { s.loop.Debug = true } }

// Watchdog has the stack of the goroutine that holds the loop reported while
// one callback, or one step of a task, holds it for longer than limit: once,
// with the channel, the mutex or the system call that it sits in. One goroutine
// looks after all loops of the process, a few times within the limit. In debug
// mode the limit is 100 ms without this option; a negative one is none. See
// [loop.Loop.Stalls] for how often it happened.
func Watchdog(limit time.Duration) Option { return func(s *settings) { s.loop.Watchdog = limit } }

// ReportHandler has handler hear what the watchdog and debug mode have to say,
// instead of standard error. It is called on the goroutine where something
// happened, for a stall and an idle loop on that of the watchdog. It must not
// wait.
func ReportHandler(handler func(loop.Report)) Option {
	return func(s *settings) { s.loop.ReportHandler = handler }
}

// ProfileLabels has each coroutine carry the name of its task as a pprof label,
// "task", so that CPU profiles and goroutine dumps can be split by task:
//
//	go tool pprof -tagfocus=task=worker cpu.pprof
//
// It takes about 300 ns a task.
func ProfileLabels() Option { return func(s *settings) { s.loop.ProfileLabels = true } }
