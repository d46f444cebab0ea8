package aio

import (
	"io"

	"github.com/goaio/aio/loop"
)

// Dump writes what every running loop of the process is doing: its tasks as a
// tree in which a task stands under the one that awaits it, each with what it
// waits for, since when, and the calls that it is suspended in. It works while
// a loop is stuck, and then says in what. The program stands still for some
// tens of microseconds a goroutine. Safe from any goroutine; [loop.Snapshot] has
// the same as values. It is asyncio's print_call_graph, for all tasks.
func Dump(w io.Writer) error { return loop.Dump(w) }
