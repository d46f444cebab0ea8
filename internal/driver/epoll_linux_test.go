package driver

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func openedEpoll(t *testing.T) *epoll {
	t.Helper()
	d, err := openEpoll()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d.(*epoll)
}

// A registration that can no longer be named leaves with the old epoll instance, once, and the timer moves along.
func TestEpollIsReplacedForAGhost(t *testing.T) {
	d := openedEpoll(t)
	r, w := pipe(t)
	duplicate(t, r)
	first := d.file.Load()
	wait(t, d, time.Microsecond, 0) // has a timer
	watch(t, d, r, Readable)
	unix.Close(r)
	watch(t, d, r, 0)
	write(t, w)
	a, b := socketpair(t)
	watch(t, d, a, Readable)

	wait(t, d, -1, 0)
	second := d.file.Load()
	if second == first {
		t.Fatal("the wait ended and the ghost is still there")
	}
	expect(t, d, nil)
	until := d.Now() + int64(time.Millisecond)
	for d.Now() < until {
		wait(t, d, time.Duration(until-d.Now()), 0)
	}
	write(t, b)
	expect(t, d, ready{a: Readable})
	if d.file.Load() != second {
		t.Error("the epoll instance was replaced without need")
	}
}

// The generation 0 is the timer's, also after all others were used up.
func TestGenerationIsNeverTheTimers(t *testing.T) {
	table := pollTable{generation: -2}
	for _, want := range []int32{-1, 1, 2} {
		if got := table.next(); got != want {
			t.Errorf("generation %d, not %d", got, want)
		}
	}
}

// A busy driver looks before it parks: a Wake or a timeout must not be lost on that.
func TestEpollThatFoundEventsAtOnce(t *testing.T) {
	d := openedEpoll(t)
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ends[0])
	defer unix.Close(ends[1])
	if err := d.Watch(ends[0], Readable); err != nil {
		t.Fatal(err)
	}
	wait := func(timeout time.Duration, want int, busy bool) {
		t.Helper()
		got := 0
		if err := d.Wait(timeout, 0, func(int, Interest) { got++ }); err != nil {
			t.Fatal(err)
		}
		if got != want || d.busy != busy {
			t.Fatalf("%d events, want %d; busy %v, want %v", got, want, d.busy, busy)
		}
	}
	_, _ = unix.Write(ends[1], []byte{0})
	wait(-1, 1, true)
	wait(-1, 1, true)
	d.Wake()
	wait(-1, 1, true) // the Wake is the next one's
	_, _ = unix.Read(ends[0], make([]byte, 1))
	wait(-1, 0, true)
	wait(time.Millisecond, 0, false)
	_, _ = unix.Write(ends[1], []byte{0})
	wait(-1, 1, true)
}
