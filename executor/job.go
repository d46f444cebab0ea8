package executor

import (
	"time"

	"github.com/goaio/aio/executor/internal/wire"
	"github.com/goaio/aio/loop"
)

// job is an invocation in a process pool. All but the constant part is under the
// pool's mutex.
type job struct {
	invocation *Invocation
	pool       *ProcessPool
	number     uint64
	input      []byte
	timeout    time.Duration
	grace      time.Duration
	// owner is the loop whose task awaits the call, and nobody else: that loop
	// may read the answer. It is nil for any other call.
	owner *loop.Loop
	pace  *pace // of its function, under the pool's mutex

	state      jobState
	unbegun    bool // its worker has not begun it, and is not to
	next, last *job // in its level of the queue
	worker     *workerProcess
	retries    int // left
	deaths     int // of workers that ran it
	submitted  time.Time
	started    time.Time
	timer      *time.Timer // its timeout, or the next stage of its ending
	ending     error       // why it is being ended; nil while it may go on
}

type jobState uint8

const (
	jobNew jobState = iota
	jobWaiting
	jobAhead // a worker has it that has others before it
	jobRunning
	jobEnded
)

// frameSize is the size of the frame that the job is sent in.
func (j *job) frameSize() int {
	size := wire.HeaderSize + wire.CallSize(j.invocation.Function())
	if len(j.input) <= wire.Inline {
		size += len(j.input)
	}
	return size
}

// small reports whether the job is sent in a packet.
func (j *job) small() bool { return len(j.input) <= wire.Packet && j.frameSize() <= wire.Packet }

// cancel is what the invocation calls for a cancel.
func (j *job) cancel(cause error) { j.pool.endJob(j, cause) }

// jobQueue are jobs that wait: the highest priority first, in order of arrival
// among equals.
type jobQueue struct {
	levels []*jobLevel // the highest first; none is empty
	n      int
	owners map[*loop.Loop]int // how many jobs each has, nil standing for no loop
}

// allOf reports whether every job that waits is owned by that loop.
func (q *jobQueue) allOf(owner *loop.Loop) bool { return q.owners[owner] == q.n }

type jobLevel struct {
	priority    int
	first, last *job
}

// push appends a job to its level, or puts it at the front if it has waited
// before.
func (q *jobQueue) push(j *job, front bool) {
	i := 0
	for i < len(q.levels) && q.levels[i].priority > j.invocation.Priority() {
		i++
	}
	if i == len(q.levels) || q.levels[i].priority != j.invocation.Priority() {
		q.levels = append(q.levels, nil)
		copy(q.levels[i+1:], q.levels[i:])
		q.levels[i] = &jobLevel{priority: j.invocation.Priority()}
	}
	l := q.levels[i]
	q.n++
	if q.owners == nil {
		q.owners = map[*loop.Loop]int{}
	}
	q.owners[j.owner]++
	switch {
	case l.first == nil:
		l.first, l.last = j, j
	case front:
		j.next, l.first.last, l.first = l.first, j, j
	default:
		j.last, l.last.next, l.last = l.last, j, j
	}
}

// first returns the job that is to run next, of a queue that is not empty.
func (q *jobQueue) first() *job { return q.levels[0].first }

// pop takes out the job that is to run next, or returns nil.
func (q *jobQueue) pop() *job {
	if q.n == 0 {
		return nil
	}
	j := q.levels[0].first
	q.remove(j)
	return j
}

// remove takes a job out that is in the queue.
func (q *jobQueue) remove(j *job) {
	for i, l := range q.levels {
		if l.priority != j.invocation.Priority() {
			continue
		}
		if j.last == nil {
			l.first = j.next
		} else {
			j.last.next = j.next
		}
		if j.next == nil {
			l.last = j.last
		} else {
			j.next.last = j.last
		}
		if l.first == nil {
			q.levels = append(q.levels[:i], q.levels[i+1:]...)
		}
	}
	j.next, j.last = nil, nil
	q.n--
	if q.owners[j.owner]--; q.owners[j.owner] == 0 {
		delete(q.owners, j.owner)
	}
}
