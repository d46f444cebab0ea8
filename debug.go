package aio

import (
	"time"

	"github.com/goaio/aio/loop"
)

// Debug has the loop look out for mistakes and report each with what to do
// about it: callbacks and steps that hold the loop for 100 ms or longer (see
// [Watchdog]), methods of the loop that are called on the wrong goroutine,
// awaits with another task's context or with the OS thread locked, tasks that
// nobody awaits, two tasks that read from one connection, tasks that nothing can
// wake. Each await then takes far longer, for it looks at its own stack. A
// mistake is reported once for each line that makes it. AIO_DEBUG=1 in the
// environment does the same for every loop. It is asyncio's debug mode.
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
// The labels of each task are made anew when it starts, and when it is named.
func ProfileLabels() Option { return func(s *settings) { s.loop.ProfileLabels = true } }
