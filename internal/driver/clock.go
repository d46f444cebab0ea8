package driver

import (
	"math"
	"time"
)

// clock is the real drivers' clock: Go's monotonic one, counted from the driver's creation.
type clock struct{ epoch time.Time }

func newClock() clock { return clock{time.Now()} }

func (c clock) Now() int64       { return int64(time.Since(c.epoch)) }
func (c clock) Epoch() time.Time { return c.epoch }

// never is the deadline of a wait without limit.
const never = math.MaxInt64

// deadline returns when a wait of timeout that starts at now ends.
func deadline(now int64, timeout time.Duration) int64 {
	if timeout < 0 || int64(timeout) > never-now {
		return never
	}
	return now + int64(timeout)
}
