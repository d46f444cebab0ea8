//go:build unix && !aix

package aionet

import "github.com/goaio/aio/loop"

// What the waits of this package are called by those who look at a task.
var (
	awaitedReadable = loop.NewAwaited("aionet: a descriptor to become readable")
	awaitedWritable = loop.NewAwaited("aionet: a descriptor to become writable")
	awaitedTurn     = loop.NewAwaited("aionet: another task that reads or writes")
	awaitedEvent    = loop.NewAwaited("aionet: a server's next event")
)

// awaitedBy is what the wait of whoever has the turn is called.
func awaitedBy(turn uint32) *loop.Awaited {
	if turn == writing {
		return awaitedWritable
	}
	return awaitedReadable
}
