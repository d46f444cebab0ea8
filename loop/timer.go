package loop

// timer is one entry of the heap. A cancelled timer leaves the heap at once,
// so cancelled timers hold no memory and no sweep is needed.
type timer struct {
	when   int64 // nanoseconds on the driver's clock
	fn     func()
	waiter *Waiter // a sleeping task's timer wakes it without a closure
	seq    uint32  // the order of setting; it may wrap around
	index  int32   // place in the heap, or one of:
}

const (
	outside = -1 // in no place
	queued  = -2 // due: its entry waits in the ready queue
)

func (t *timer) before(u *timer) bool {
	return t.when < u.when || t.when == u.when && int32(t.seq-u.seq) < 0
}

// fire runs what the timer was set for; a timer cancelled after it fell due
// has neither.
func (t *timer) fire() {
	t.index = outside
	fn, waiter := t.fn, t.waiter
	t.fn, t.waiter = nil, nil
	switch {
	case waiter != nil:
		waiter.Wake()
	case fn != nil:
		fn()
	}
}

// timers is a four-ary heap, ordered by time and then by the order in which
// the timers were set. Four children a node halve the cache misses of two.
type timers struct {
	heap []*timer
	seq  uint32
}

func (h *timers) add(t *timer) {
	h.seq++
	t.seq = h.seq
	t.index = int32(len(h.heap))
	h.heap = append(h.heap, t)
	h.up(int(t.index))
}

func (h *timers) remove(t *timer) {
	i, last := int(t.index), len(h.heap)-1
	t.index = outside
	moved := h.heap[last]
	h.heap[last] = nil
	h.heap = h.heap[:last]
	if i != last {
		h.heap[i] = moved
		moved.index = int32(i)
		h.up(i)
		h.down(int(moved.index))
	}
	if cap(h.heap) > 1024 && len(h.heap) < cap(h.heap)/4 {
		h.heap = append(make([]*timer, 0, cap(h.heap)/2), h.heap...)
	}
}

// due takes the earliest timer if its time has come.
func (h *timers) due(now int64) *timer {
	if len(h.heap) == 0 || h.heap[0].when > now {
		return nil
	}
	t := h.heap[0]
	h.remove(t)
	return t
}

func (h *timers) up(i int) {
	t := h.heap[i]
	for i > 0 {
		parent := (i - 1) / 4
		if !t.before(h.heap[parent]) {
			break
		}
		h.heap[i] = h.heap[parent]
		h.heap[i].index = int32(i)
		i = parent
	}
	h.heap[i] = t
	t.index = int32(i)
}

func (h *timers) down(i int) {
	t := h.heap[i]
	for {
		first := 4*i + 1
		if first >= len(h.heap) {
			break
		}
		least := first
		for child := first + 1; child < min(first+4, len(h.heap)); child++ {
			if h.heap[child].before(h.heap[least]) {
				least = child
			}
		}
		if !h.heap[least].before(t) {
			break
		}
		h.heap[i] = h.heap[least]
		h.heap[i].index = int32(i)
		i = least
	}
	h.heap[i] = t
	t.index = int32(i)
}
