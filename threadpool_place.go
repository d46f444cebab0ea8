package aio

// A poolPlace is one submitter's claim on a place in a full [ThreadPool]. Goroutines and coroutines wait for it alike:
// wake is called when the wait is over, and what it wakes is the submitter's business. Its zero value is ready for use,
// and so it is again after submitReserved or release.
type poolPlace struct {
	wake       func()
	state      poolPlaceState
	prev, next *poolPlace
}

type poolPlaceState uint8

const (
	poolPlaceNone    poolPlaceState = iota
	poolPlaceWaiting                // in the pool's line
	poolPlaceHeld                   // a place is set aside
)

// reserve sets a place aside for the caller and returns true, or puts it at the end of the line and returns false. wake
// is then called exactly once, without locks held and on any goroutine, when the place is there or the pool refuses
// jobs, unless release comes first; it may run before reserve has returned. It must not block. After true or wake,
// submitReserved says how it went.
func (p *ThreadPool) reserve(place *poolPlace, wake func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.refusal != nil:
		return true
	case p.free > 0:
		p.free--
		place.state = poolPlaceHeld
		return true
	}
	place.wake, place.state = wake, poolPlaceWaiting
	p.line.push(place)
	return false
}

// submitReserved hands over a job in the place that reserve got. Either way the place is spent, but for a call too
// early: that returns ErrQueueFull and the wait goes on.
func (p *ThreadPool) submitReserved(place *poolPlace, job Job, priority int) error {
	p.mu.Lock()
	if p.refusal != nil {
		place.state = poolPlaceNone
		err := p.refusal
		p.mu.Unlock()
		return err
	}
	if place.state != poolPlaceHeld {
		p.mu.Unlock()
		return ErrQueueFull
	}
	place.state = poolPlaceNone
	p.enqueue(job, priority)
	return nil
}

// release ends a claim: it leaves the line, or gives the place that was set aside to the next in line. It does nothing
// if the claim is spent. A wake that is already under way may still arrive afterwards.
func (p *ThreadPool) release(place *poolPlace) {
	p.mu.Lock()
	var wake func()
	switch place.state {
	case poolPlaceWaiting:
		p.line.remove(place)
	case poolPlaceHeld:
		wake = p.freePlace()
	}
	place.state = poolPlaceNone
	p.mu.Unlock()
	if wake != nil {
		wake()
	}
}

// freePlace hands a place on to the first in line, whose wake it returns. p.mu is locked.
func (p *ThreadPool) freePlace() (wake func()) {
	place := p.line.first
	if place == nil {
		p.free++
		return nil
	}
	p.line.remove(place)
	place.state = poolPlaceHeld
	return place.wake
}

// A poolLine is a list of places, linked through themselves so that one can leave from the middle.
type poolLine struct {
	first, last *poolPlace
	n           int
}

func (l *poolLine) push(place *poolPlace) {
	place.prev = l.last
	if l.last == nil {
		l.first = place
	} else {
		l.last.next = place
	}
	l.last = place
	l.n++
}

func (l *poolLine) remove(place *poolPlace) {
	if place.prev == nil {
		l.first = place.next
	} else {
		place.prev.next = place.next
	}
	if place.next == nil {
		l.last = place.prev
	} else {
		place.next.prev = place.prev
	}
	place.prev, place.next = nil, nil
	l.n--
}
