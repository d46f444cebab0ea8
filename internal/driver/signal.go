package driver

// signal is a wake-up that is remembered until it is waited for. Several count as one.
type signal chan struct{}

func newSignal() signal { return make(signal, 1) }

func (s signal) set() {
	select {
	case s <- struct{}{}:
	default:
	}
}

// take reports whether the signal was set, and clears it.
func (s signal) take() bool {
	select {
	case <-s:
		return true
	default:
		return false
	}
}
