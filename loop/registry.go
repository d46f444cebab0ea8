package loop

import (
	"sync"
)

// registry is the list of a loop's live tasks, in the order in which they were
// started. The loop alone changes it; the lock is for those who look from
// outside, while the loop may be stuck in somebody's callback. An uncontended
// lock costs no more than the two atomic stores that a list without one needs.
type registry struct {
	mu      sync.Mutex
	list    taskList
	started uint64
}

func (l *Loop) link(t *Task) {
	r := &l.tasks
	r.mu.Lock()
	r.started++
	t.id = r.started
	r.list.add(t, &t.registered, registeredPosition)
	r.mu.Unlock()
}

func (l *Loop) unlink(t *Task) {
	r := &l.tasks
	r.mu.Lock()
	r.list.remove(&t.registered)
	r.mu.Unlock()
}

// rest is called when the loop has nothing to do.
func (r *registry) rest() {
	r.mu.Lock()
	r.list.rest(registeredPosition)
	r.mu.Unlock()
}

func registeredPosition(t *Task) *position { return &t.registered }

func (r *registry) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.list.count
}

// Tasks returns the loop's live tasks in the order in which they were started:
// asyncio's all_tasks. Those that another goroutine has started since the loop
// last looked are not among them. Safe from any goroutine.
func (l *Loop) Tasks() []*Task {
	r := &l.tasks
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.list.all()
}
