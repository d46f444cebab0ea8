// Package driver is the event loop's seam to the operating system: the clock, the wait for something to happen, the
// wake-up from another goroutine, and the operations on descriptors. It knows nothing of tasks or callbacks.
//
// A driver belongs to one loop. Its methods are called by the goroutine that runs the loop, except Wake, Now, Epoch and
// Name, which are safe from any goroutine.
//
// Each operation has files of its own in which its forms for the different systems stand side by side; the file named
// after a driver holds what its operations share. The operation poll, level-triggered readiness, is [Driver.Watch].
package driver

import (
	"fmt"
	"os"
	"time"
)

// Interest says for what a descriptor is watched, or what it is ready for. It is a set of bits.
type Interest uint8

const (
	// Readable: a read would not block. End of file, an error and a hangup count.
	Readable Interest = 1 << iota
	// Writable: a write would not block. An error and a hangup count.
	Writable
	// HungUp: the peer sends no more, or there is an error. It is reported of registered descriptors only.
	HungUp
)

// String returns "Readable", "Writable", "Readable|Writable" or "0".
func (i Interest) String() string {
	switch i {
	case 0:
		return "0"
	case Readable:
		return "Readable"
	case Writable:
		return "Writable"
	case Readable | Writable:
		return "Readable|Writable"
	}
	return fmt.Sprintf("Interest(%#x)", uint8(i))
}

// A Driver is one loop's access to the system.
type Driver interface {
	// Name returns the name [Open] knows the driver by. Safe from any goroutine.
	Name() string

	// Now returns the monotonic time in nanoseconds since Epoch on this driver's clock. Safe from any goroutine.
	Now() int64

	// Epoch returns the time that Now()==0 stands for, so that deadlines can be shown as a time.Time. A real driver's
	// has a monotonic reading; the simulated driver's is a fixed date. Safe from any goroutine.
	Epoch() time.Time

	// Watch has Wait report when the descriptor is ready for what interest asks, for as long as it is ready
	// (level-triggered); it replaces what was asked before. Interest 0 forgets the descriptor, and forgetting one that
	// is not watched, or no longer open, is no error. On the loop only, also from within ready.
	//
	// Forget a descriptor before closing it. One that was closed while watched does no harm to others, and its number
	// can be watched again when it is in use again; but whether an event of the old one is still reported before that
	// depends on the system.
	//
	// A regular file or a directory is refused: it is always ready.
	Watch(fd int, interest Interest) error

	// Register has Wait report each change of the descriptor's readiness, in both directions, once (edge-triggered), and
	// with it HungUp; what it is ready for already is reported too. It suits connections, whose owner reads until
	// nothing is left and must not be told again meanwhile. A descriptor is watched or registered, not both. Register
	// replaces what is known of an earlier file of the same number. On the loop only, also from within ready.
	Register(fd int) error

	// Unregister forgets a registered descriptor; it is no error if it is not registered, or closed already. On the
	// loop only, also from within ready.
	Unregister(fd int)

	// Wait calls ready for each descriptor that is ready, in the order the system gave. A timeout of 0 polls and never
	// blocks (with nothing watched it makes no system call), a negative one waits without limit. It returns when
	// something was ready, when the timeout has passed, after a Wake, and now and then without any reason. An error or
	// a hangup of a descriptor counts as both readable and writable, among what it is watched for.
	//
	// external is how many jobs are out that will call Wake when they are done: while there are any, the simulated
	// driver waits for them and its clock stands still. The others may poll for less long then.
	//
	// On the loop only; not from within ready.
	Wait(timeout time.Duration, external int, ready func(fd int, interest Interest)) error

	// Wake makes the blocking Wait that is under way return, or else the next one at once. Several may count as one.
	// Safe from any goroutine, also after Close, when it does nothing.
	Wake()

	// Close releases what the driver holds and leaves the descriptors that were watched open. A second Close does
	// nothing. On the loop only, with no Wait under way.
	Close() error
}

// Rearmer is a driver whose registered descriptors are reported once and then not again before Rearm, which its owner
// calls when it has found nothing there and is about to wait. Other drivers report each change by themselves.
type Rearmer interface {
	// Rearm is for the loop only, also from within ready. It does nothing for a descriptor that is not registered.
	Rearm(fd int, interest Interest)
}

func closedError(what string) error { return fmt.Errorf("driver: %s: %w", what, os.ErrClosed) }

func checkInterest(fd int, interest Interest) error {
	if interest&^(Readable|Writable) != 0 {
		return fmt.Errorf("driver: watch descriptor %d: no such interest: %v", fd, interest)
	}
	return nil
}
