package tour

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// step is one stop of the tour.
type step struct {
	title   string
	text    string // what it teaches
	asyncio string // what asyncio has there
	// run is the function whose code is shown; say prints a line of its output.
	// It must be a declared function of this package, in a file step_*.go.
	run    func(say func(format string, arguments ...any)) error
	check  check
	proves string // what has been seen when the check passes
}

// result is what a step did.
type result struct {
	lines   []line
	elapsed time.Duration
}

// line is a line of output, and when it came, from the step's begin on.
type line struct {
	at   time.Duration
	text string
}

var (
	errHangs  = errors.New("it hangs")
	errGoexit = errors.New("it called runtime.Goexit")
)

// carryOut runs a step on a goroutine of its own, hands on each line as it
// comes, and checks the result. A step that has not ended within the limit is
// left to itself; what it says from then on is dropped.
func (s step) carryOut(limit time.Duration, each func(line)) (result, error) {
	var (
		mu   sync.Mutex
		over bool
		r    result
	)
	begin := time.Now()
	say := func(format string, arguments ...any) {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return
		}
		l := line{time.Since(begin), fmt.Sprintf(format, arguments...)}
		r.lines = append(r.lines, l)
		each(l)
	}
	ended := make(chan error, 1)
	go func() {
		err := errGoexit
		defer func() {
			if value := recover(); value != nil {
				err = fmt.Errorf("it panicked: %v", value)
			}
			ended <- err
		}()
		err = s.run(say)
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	var err error
	select {
	case err = <-ended:
	case <-timer.C:
		err = fmt.Errorf("%w: it has not ended after %v", errHangs, limit)
	}
	mu.Lock()
	defer mu.Unlock()
	over = true
	r.elapsed = time.Since(begin)
	if err == nil {
		err = s.check(r)
	}
	return r, err
}
