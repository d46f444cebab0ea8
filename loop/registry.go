package loop

import (
	"sync"
)

// registry is the list of a loop's live tasks, in the order in which they were
// started. The loop alone changes it; the lock is for those who look from
// outside, while the loop may be stuck in somebody's callback. An uncontended
// lock costs no more than the two atomic stores that a list without one needs.
type registry struct {
	mu          sync.Mutex
	first, last *Task
	count       int
	started     uint64
}

func (l *Loop) link(t *Task) {
	r := &l.tasks
	r.mu.Lock()
	r.started++
	t.id = r.started
	t.linked = true
	t.previous = r.last
	if r.last != nil {
		r.last.next = t
	} else {
		r.first = t
	}
	r.last = t
	r.count++
	r.mu.Unlock()
}

func (l *Loop) unlink(t *Task) {
	r := &l.tasks
	r.mu.Lock()
	if t.previous != nil {
		t.previous.next = t.next
	} else {
		r.first = t.next
	}
	if t.next != nil {
		t.next.previous = t.previous
	} else {
		r.last = t.previous
	}
	t.next, t.previous = nil, nil
	t.linked = false
	r.count--
	r.mu.Unlock()
}

func (r *registry) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

// Tasks returns the loop's live tasks in the order in which they were started:
// asyncio's all_tasks. Those that another goroutine has started since the loop
// last looked are not among them. Safe from any goroutine.
func (l *Loop) Tasks() []*Task {
	r := &l.tasks
	r.mu.Lock()
	defer r.mu.Unlock()
	tasks := make([]*Task, 0, r.count)
	for t := r.first; t != nil; t = t.next {
		tasks = append(tasks, t)
	}
	return tasks
}
