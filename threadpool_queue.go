package aio

// poolQueueKeep is the ring's size up to which it is kept when it has run empty.
const poolQueueKeep = 1024

// A poolQueue is a first-in first-out ring of jobs that grows as needed. Its bound is its owner's business.
type poolQueue struct {
	ring []Job // length 0 or a power of two
	head int
	n    int
}

func (q *poolQueue) push(job Job) {
	if q.n == len(q.ring) {
		q.grow()
	}
	q.ring[(q.head+q.n)&(len(q.ring)-1)] = job
	q.n++
}

// pop removes the oldest job. The queue must not be empty.
func (q *poolQueue) pop() Job {
	job := q.ring[q.head]
	q.ring[q.head] = nil
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.n--
	if q.n == 0 && len(q.ring) > poolQueueKeep {
		*q = poolQueue{}
	}
	return job
}

func (q *poolQueue) grow() {
	ring := make([]Job, max(16, 2*len(q.ring)))
	n := copy(ring, q.ring[q.head:])
	copy(ring[n:], q.ring[:q.head])
	q.ring, q.head = ring, 0
}
