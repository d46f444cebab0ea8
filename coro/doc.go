// Package coro has coroutines: functions that suspend themselves and are
// resumed where they stopped.
//
// A [Generator] is the form for programs: Python's generators with send, throw
// and close (PEP 342), typed. A [Coroutine] is the bare form on which tasks are
// built. Both stand on [iter.Pull], so that a switch there and back takes well
// under 100 ns and no pass through the scheduler.
//
// Coroutines run where their resumer runs, one at a time; they add concurrency
// but no parallelism. Different coroutines are independent of each other and
// may run in parallel.
package coro
