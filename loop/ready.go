package loop

// entry is one thing that is due: a callback, a *foreignCall, a *timer that
// fired, a *Task whose next step it is, or the news that a task has ended. It
// is nil where a callback was cancelled. All of them are single pointers, so
// that queueing one allocates nothing, and an interface is small and has one
// word only that the collector looks at.
type entry any

type callback func()

// ended is the news for a task's supervisor.
type ended struct{ task *Task }

// ready is the queue of what is due, a ring that doubles. Positions count from
// the loop's birth, so that a Handle can name an entry without a pointer to it.
type ready struct {
	ring  []entry // length is a power of two
	head  uint64
	tail  uint64
	quiet int // times in a row that settle found it nearly empty
}

const smallRing = 256

func (q *ready) len() int { return int(q.tail - q.head) }

func (q *ready) full() bool { return q.tail-q.head == uint64(len(q.ring)) }

func (q *ready) push(e entry) uint64 {
	if q.full() {
		q.grow()
	}
	return q.put(e)
}

// put is push where there is room.
func (q *ready) put(e entry) uint64 {
	at := q.tail
	q.ring[at&uint64(len(q.ring)-1)] = e
	q.tail++
	return at
}

// pop takes the oldest entry; the queue must not be empty.
func (q *ready) pop() entry {
	slot := &q.ring[q.head&uint64(len(q.ring)-1)]
	e := *slot
	*slot = nil
	q.head++
	return e
}

// takeBack removes the youngest entry if that is e and not one of the first keep.
func (q *ready) takeBack(e entry, keep int) bool {
	if q.len() <= keep {
		return false
	}
	slot := &q.ring[(q.tail-1)&uint64(len(q.ring)-1)]
	if *slot != e {
		return false
	}
	*slot = nil
	q.tail--
	return true
}

func (q *ready) peek() entry { return q.ring[q.head&uint64(len(q.ring)-1)] }

// at finds an entry that is still queued.
func (q *ready) at(position uint64) *entry {
	if position < q.head || position >= q.tail {
		return nil
	}
	return &q.ring[position&uint64(len(q.ring)-1)]
}

func (q *ready) grow() { q.resize(max(smallRing, 2*len(q.ring))) }

// settle is called now and then. It gives back the memory of a burst when the
// ring has been nearly empty many times in a row.
func (q *ready) settle() {
	if len(q.ring) <= smallRing || q.len() > len(q.ring)/8 {
		q.quiet = 0
		return
	}
	if q.quiet++; q.quiet >= 100 {
		q.resize(len(q.ring) / 2)
		q.quiet = 0
	}
}

// rest is called when the loop has nothing to do: the memory of a burst goes
// back at once.
func (q *ready) rest() {
	if len(q.ring) > 16*smallRing && q.len() == 0 {
		q.resize(smallRing)
	}
}

func (q *ready) resize(size int) {
	ring := make([]entry, size)
	for at := q.head; at < q.tail; at++ {
		ring[at&uint64(size-1)] = q.ring[at&uint64(len(q.ring)-1)]
	}
	q.ring = ring
}
