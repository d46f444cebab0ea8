package loop

import (
	"runtime"
	"sync/atomic"
	"time"
)

// A loop that always finds ready descriptors never blocks, and Go's scheduler
// takes its processor away only after ten milliseconds. Where every processor
// has such a loop, goroutines wait as long. Most of all the collector's: until
// they have marked, each pointer written and each object made costs more, which
// was 3 % of what a small HTTP request takes. So a saturated loop steps aside
// now and then, where its tasks look for more to do (callbacks alone have it look
// in wait, which is not known to have found something at once). With a processor
// to spare that would only wake a thread that finds nothing to do.

// shareEvery is how many descriptors a loop serves without a wait before it
// steps aside: some hundred microseconds of small messages.
const shareEvery = 64

// longTurn tells a goroutine that computes, which Go's scheduler lets have the
// processor for ten milliseconds, from those that soon wait again.
const longTurn = 5 * time.Millisecond

// saturated counts the loops that have served so many and have not waited since.
var saturated atomic.Int32

// share lets other goroutines run, if loops may have every processor. After a
// long turn of one that computes the loop stays for as long: to step aside for
// it each time would leave the loop a hundredth of the processor.
func (l *Loop) share() {
	if !l.round.saturated {
		l.round.saturated = true
		saturated.Add(1)
	}
	l.round.heard = 0
	if int(saturated.Load()) < runtime.GOMAXPROCS(0) {
		return
	}
	now := l.driver.Now()
	if now < l.round.stays {
		return
	}
	runtime.Gosched()
	back := l.driver.Now()
	if away := back - now; away >= int64(longTurn) {
		l.round.stays = back + away
	}
}

// rested says that the loop is about to wait, or runs no more.
func (l *Loop) rested() {
	if l.round.saturated {
		l.round.saturated = false
		saturated.Add(-1)
	}
}
