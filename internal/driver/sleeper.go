package driver

import "time"

// sleeper waits on a channel and on a timer of Go's. Such a timer is as precise as Go's are, which on Linux can be a
// millisecond late in an idle process.
type sleeper struct {
	woken signal
	timer *time.Timer
}

func newSleeper() sleeper {
	s := sleeper{woken: newSignal(), timer: time.NewTimer(0)}
	s.timer.Stop()
	return s
}

// sleep returns when woken is set, or when the timeout has passed if it is not negative.
func (s sleeper) sleep(timeout time.Duration) {
	if timeout < 0 {
		<-s.woken
		return
	}
	s.timer.Reset(timeout)
	select {
	case <-s.woken:
		s.timer.Stop()
	case <-s.timer.C:
	}
}
