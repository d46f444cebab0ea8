package loop

import (
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"
)

// An Awaited says what tasks wait for, to those who look at them: see
// [NewWaiterFor]. Each primitive has one for each of its waits, made once.
type Awaited struct {
	kind   uint64
	object fmt.Stringer
}

// NewAwaited returns the Awaited of that name, such as "aio.Mutex.Lock". It is
// for a variable of a package: names are kept for ever, and a program has at
// most some ten thousands of them.
func NewAwaited(name string) *Awaited {
	awaitedNames.mu.Lock()
	defer awaitedNames.mu.Unlock()
	awaitedNames.names = append(awaitedNames.names, name)
	kind := uint64(len(awaitedNames.names))
	if kind > kindMask {
		panic("aio: too many calls of NewAwaited; make one for each kind of wait, not for each object")
	}
	return &Awaited{kind: kind}
}

// Of returns an Awaited with the same name for one certain object, such as a
// connection, whose String is shown beside the name and is called from any
// goroutine. If the object has a method AwaitedTasks() []*Task, as a gather
// has, it says which tasks are waited for. Make it once for each object and
// keep it: a task holds on to the last one that it waited for.
func (a *Awaited) Of(object fmt.Stringer) *Awaited {
	return &Awaited{kind: a.kind | objectBit, object: object}
}

var awaitedNames struct {
	mu    sync.Mutex
	names []string
}

func awaitedName(kind uint64) string {
	awaitedNames.mu.Lock()
	defer awaitedNames.mu.Unlock()
	return awaitedNames.names[kind-1]
}

var (
	awaitedUnknown = NewAwaited("await")
	awaitedFuture  = NewAwaited("aio.Future.Await")
	awaitedSleep   = NewAwaited("aio.Sleep")
)

// waits is what a task shows of its await to others than its loop. It is
// atomic, for the loop may be stuck when somebody looks; what a task does
// beyond waiting is not shown, because an atomic store for each step would
// make a yield 3 % slower.
type waits struct {
	// word is 0 while the task does not wait. It has, from below, the kind of
	// the Awaited, whether that has an object, and who is waited for: the 48
	// bits that an address has, which holds nothing. All that differs from one
	// await to the next is here, for an atomic store takes 5 ns.
	word  atomic.Uint64
	clock atomic.Int64 // the driver's, see rounds.clock
}

const (
	kindBits   = 15
	kindMask   = 1<<kindBits - 1
	objectBit  = 1 << kindBits
	objectFrom = kindBits + 1
)

// beginWait says that the task is about to wait.
func (t *Task) beginWait(clock int64, a *Awaited, object uintptr) {
	if t.waits.clock.Load() != clock {
		t.waits.clock.Store(clock)
	}
	if a.object != nil {
		if m := t.scope.detail(); m.awaited.Load() != a {
			m.awaited.Store(a)
		}
	}
	t.waits.word.Store(uint64(object)<<objectFrom | a.kind)
}

// identity is the address that an interface holds.
func identity(object any) uintptr { return (*[2]uintptr)(unsafe.Pointer(&object))[1] }
