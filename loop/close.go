package loop

// Close releases what the loop holds. Tasks that have not ended are abandoned:
// their functions are unwound, so that their deferred calls run, and an
// [*AbandonedError] names them. It returns [ErrRunning] while the loop runs; a
// second Close does nothing.
func (l *Loop) Close() error {
	if l.running.Load() {
		return ErrRunning
	}
	if !l.closed.CompareAndSwap(false, true) {
		return nil
	}
	l.foreign.mu.Lock()
	entries := l.foreign.entries
	l.foreign.entries, l.foreign.spare, l.foreign.closed = nil, nil, true
	l.foreign.waiting.Store(false)
	l.foreign.mu.Unlock()
	for _, e := range entries {
		if t, ok := e.(*Task); ok && t.registered == 0 {
			l.link(t)
		}
	}
	abandoned := &AbandonedError{}
	for _, t := range l.Tasks() {
		if len(abandoned.Where) < maxListed {
			abandoned.Where = append(abandoned.Where, t.Where())
		}
		abandoned.Tasks = append(abandoned.Tasks, t.Name())
	}
	for left := l.Tasks(); len(left) > 0; left = l.Tasks() {
		for _, t := range left {
			l.abandon(t)
		}
	}
	l.ReportUnread()
	for _, fn := range l.onClose {
		fn()
	}
	l.onClose = nil
	l.pool.drop(l, 0)
	l.ready = ready{}
	l.timers = timers{}
	l.watches = watches{}
	l.signals.close()
	err := l.driver.Close()
	if len(abandoned.Tasks) > 0 {
		return abandoned
	}
	return err
}

// abandon ends a task from outside: a started one is unwound, with Goexit from
// the await it stands in.
func (l *Loop) abandon(t *Task) {
	if c := t.coroutine(); c != nil {
		l.turns.stepping = true
		l.disturb(c)
		l.turns.stepping = false
	}
	if !t.Completed() {
		t.end(ErrClosed, false)
	}
	if t.registered != 0 {
		l.unlink(t)
	}
}

// Shutdown cancels every task of the loop, in the order in which they were
// started, and turns the loop until none is left; a task started meanwhile is
// cancelled at the end of the round. It is the end of asyncio.run. giveUp,
// which may be nil, is asked between rounds whether to stop waiting for the
// rest.
func (l *Loop) Shutdown(cause error, giveUp func() bool) error {
	if err := l.enter(); err != nil {
		return err
	}
	defer l.leave()
	var seen uint64
	for left := l.Tasks(); len(left) > 0; left = l.Tasks() {
		for _, t := range left {
			if t.id > seen {
				l.reportLeft(t)
				t.Cancel(cause)
			}
		}
		seen = left[len(left)-1].id
		l.round.stopping.Store(false)
		if giveUp != nil && giveUp() {
			return nil
		}
		for over := false; !over; {
			var err error
			if over, err = l.rounds(1); err != nil {
				return err
			}
		}
	}
	return nil
}
