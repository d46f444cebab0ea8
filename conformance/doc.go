// Package conformance holds the scheduling of this project against CPython's asyncio.
//
// A [Scenario] is a small program over tasks and primitives, written as JSON; its [Trace] is everything it logs, in order,
// with virtual time. The same scenario runs on CPython's own asyncio (the oracle) and on ours, and the two traces must be
// equal, line by line. The package reads and writes scenarios, makes random ones ([Generate]) and reduces those that fail
// to a few operations ([Shrink]).
//
// Nothing here starts a goroutine; values are safe to share as long as nobody changes them.
package conformance
