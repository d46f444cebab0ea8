//go:build unix && !aix

package driver

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pipe returns the non-blocking ends of a pipe, closed with the test if the test has not.
func pipe(t testing.TB) (r, w int) {
	t.Helper()
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		t.Fatal(err)
	}
	return own(t, p[0]), own(t, p[1])
}

func socketpair(t testing.TB) (a, b int) {
	t.Helper()
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	return own(t, p[0]), own(t, p[1])
}

func own(t testing.TB, fd int) int {
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// copyTo makes a copy of a descriptor that has a number which is free.
func copyTo(t *testing.T, fd, number int) {
	t.Helper()
	got, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, number)
	if err != nil || got != number {
		t.Fatalf("copy of %d: %d instead of %d, %v", fd, got, number, err)
	}
}

func duplicate(t *testing.T, fd int) int {
	t.Helper()
	got, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return own(t, got)
}

func write(t *testing.T, fd int) {
	t.Helper()
	if _, err := unix.Write(fd, []byte{1, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
}

func drain(t *testing.T, fd int) {
	t.Helper()
	if _, err := unix.Read(fd, make([]byte, 1<<16)); err != nil {
		t.Fatal(err)
	}
}

func watch(t *testing.T, d Driver, fd int, interest Interest) {
	t.Helper()
	if err := d.Watch(fd, interest); err != nil {
		t.Fatal(err)
	}
}

// expect polls, twice, for readiness is level-triggered, and compares with pairs of descriptor and readiness.
func expect(t *testing.T, d Driver, want map[int]Interest) {
	t.Helper()
	for range 2 {
		got := make(map[int]Interest)
		if err := d.Wait(0, 0, func(fd int, is Interest) { got[fd] |= is }); err != nil {
			t.Fatal(err)
		}
		for fd, is := range want {
			if got[fd] != is {
				t.Fatalf("ready: %v; want %v", got, want)
			}
		}
		if len(got) != len(want) {
			t.Fatalf("ready: %v; want %v", got, want)
		}
	}
}

// await waits until something is ready.
func await(t *testing.T, d Driver, timeout time.Duration) map[int]Interest {
	t.Helper()
	got := make(map[int]Interest)
	for len(got) == 0 {
		if err := d.Wait(timeout, 0, func(fd int, is Interest) { got[fd] |= is }); err != nil {
			t.Fatal(err)
		}
	}
	return got
}

type ready = map[int]Interest

func TestReadableUntilRead(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		r, w := pipe(t)
		watch(t, d, r, Readable)
		expect(t, d, nil)
		for range 3 {
			write(t, w)
			expect(t, d, ready{r: Readable})
			drain(t, r)
			expect(t, d, nil)
		}
		write(t, w)
		watch(t, d, r, 0)
		watch(t, d, r, 0)
		expect(t, d, nil)
	})
}

func TestInterestIsReplaced(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		a, b := socketpair(t)
		watch(t, d, a, Writable)
		expect(t, d, ready{a: Writable})
		watch(t, d, a, Readable)
		expect(t, d, nil)
		write(t, b)
		expect(t, d, ready{a: Readable})
		watch(t, d, a, Readable|Writable)
		expect(t, d, ready{a: Readable | Writable})
	})
}

func TestHangupIsReadableAndWritable(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		a, b := socketpair(t)
		watch(t, d, a, Readable|Writable)
		unix.Close(b)
		expect(t, d, ready{a: Readable | Writable})
		watch(t, d, a, Writable)
		expect(t, d, ready{a: Writable})

		r, w := pipe(t)
		watch(t, d, a, 0)
		watch(t, d, r, Readable)
		unix.Close(w)
		expect(t, d, ready{r: Readable})
	})
}

// A pipe without a reader is writable, for a write fails at once: also when it was so before it was watched.
func TestPipeWithoutReaderIsWritable(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		for _, before := range []bool{false, true} {
			r, w := pipe(t)
			if before {
				unix.Close(r)
			}
			watch(t, d, w, Writable)
			if !before {
				unix.Close(r)
			}
			expect(t, d, ready{w: Writable})
			if got := await(t, d, -1); got[w] != Writable {
				t.Error(got)
			}
			watch(t, d, w, 0)
			expect(t, d, nil)
			watch(t, d, w, Writable)
			unix.Close(w)
			expect(t, d, nil)
		}
	})
}

// Readiness ends a wait: what is ready when it begins and what becomes so meanwhile, again and again.
func TestReadinessEndsWait(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		a, b := socketpair(t)
		watch(t, d, a, Readable)
		for i := range 2000 {
			var peer sync.WaitGroup
			peer.Go(func() { unix.Write(b, []byte("x")) })
			timeout := []time.Duration{-1, time.Hour}[i%2]
			if got := await(t, d, timeout); got[a] != Readable || len(got) != 1 {
				t.Fatal(got)
			}
			peer.Wait()
			drain(t, a)
		}
	})
}

func TestWakeWhileWatching(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		r, w := pipe(t)
		watch(t, d, r, Readable)
		for range 1000 {
			var waker sync.WaitGroup
			waker.Go(d.Wake)
			wait(t, d, -1, 0)
			waker.Wait()
		}
		// A wake does not hide what is ready.
		write(t, w)
		d.Wake()
		if got := await(t, d, -1); got[r] != Readable {
			t.Error(got)
		}
	})
}

func TestWaitUntilDeadlineWhileWatching(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		r, w := pipe(t)
		watch(t, d, r, Readable)
		for _, timeout := range []time.Duration{1, 30 * time.Microsecond, time.Millisecond, time.Millisecond} {
			until := d.Now() + int64(timeout)
			for d.Now() < until {
				wait(t, d, time.Duration(until-d.Now()), 0)
			}
		}
		// An expired timer does not end later waits.
		write(t, w)
		if got := await(t, d, -1); got[r] != Readable {
			t.Error(got)
		}
	})
}

// A descriptor forgotten by the callback of another is not reported any more, and one watched anew not as the old one.
func TestWatchFromWithinReady(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		a, b := pipe(t)
		r, w := pipe(t)
		write(t, b)
		write(t, w)
		watch(t, d, a, Readable)
		watch(t, d, r, Readable)
		calls := 0
		err := d.Wait(0, 0, func(fd int, _ Interest) {
			calls++
			watch(t, d, a+r-fd, 0)
		})
		if err != nil || calls != 1 {
			t.Errorf("%d calls, %v", calls, err)
		}
		watch(t, d, a, Readable)
		watch(t, d, r, Readable)
		calls = 0
		err = d.Wait(0, 0, func(fd int, _ Interest) {
			calls++
			watch(t, d, a+r-fd, 0)
			watch(t, d, a+r-fd, Readable)
		})
		if err != nil || calls != 1 {
			t.Errorf("%d calls, %v", calls, err)
		}
		expect(t, d, ready{a: Readable, r: Readable})
	})
}

func TestMoreReadyThanOneSystemCallReports(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		r, w := pipe(t)
		write(t, w)
		want := make(map[int]bool)
		for range 300 {
			fd := duplicate(t, r)
			watch(t, d, fd, Readable)
			want[fd] = true
		}
		for range 2 {
			if err := d.Wait(0, 0, func(fd int, _ Interest) { delete(want, fd) }); err != nil {
				t.Fatal(err)
			}
		}
		if len(want) > 0 {
			t.Errorf("%d descriptors were not reported", len(want))
		}
	})
}

func TestRefused(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		file, err := os.Create(filepath.Join(t.TempDir(), "regular"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		directory, err := os.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer directory.Close()
		for _, fd := range []int{int(file.Fd()), int(directory.Fd())} {
			err := d.Watch(fd, Readable)
			if err == nil || !strings.Contains(err.Error(), "aio.Blocking") {
				t.Errorf("Watch of a regular file: %v", err)
			}
			watch(t, d, fd, 0)
		}
		for _, fd := range []int{-1, 1 << 30} {
			if err := d.Watch(fd, Readable); !errors.Is(err, unix.EBADF) {
				t.Errorf("Watch(%d): %v", fd, err)
			}
			watch(t, d, fd, 0)
		}
		r, _ := pipe(t)
		if err := d.Watch(r, 8); err == nil {
			t.Error("an interest that does not exist is accepted")
		}
		expect(t, d, nil)
	})
}

func TestClosedWhileWatched(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		a, _ := pipe(t)
		r, w := pipe(t)
		watch(t, d, a, Readable)
		watch(t, d, r, Readable)
		unix.Close(a)
		expect(t, d, nil)
		if err := d.Watch(a, Readable); !errors.Is(err, unix.EBADF) {
			t.Errorf("Watch of a closed descriptor: %v", err)
		}
		watch(t, d, a, 0)
		write(t, w)
		expect(t, d, ready{r: Readable})
	})
}

func TestNumberIsUsedAgain(t *testing.T) {
	for _, forget := range []string{"forgotten before the close", "forgotten after the close", "never forgotten"} {
		t.Run(forget, func(t *testing.T) {
			each(t, false, func(t *testing.T, d Driver) {
				number, _ := pipe(t)
				r, w := pipe(t)
				watch(t, d, number, Readable)
				if forget == "forgotten before the close" {
					watch(t, d, number, 0)
				}
				unix.Close(number)
				if forget == "forgotten after the close" {
					watch(t, d, number, 0)
				}
				copyTo(t, r, number)
				watch(t, d, number, Readable)
				expect(t, d, nil)
				write(t, w)
				expect(t, d, ready{number: Readable})
			})
		})
	}
}

// A copy keeps a closed descriptor's file open and readable: that must neither be reported nor end waits.
func TestCopyOutlivesTheWatchedDescriptor(t *testing.T) {
	for _, again := range []bool{false, true} {
		each(t, false, func(t *testing.T, d Driver) {
			number, ghost := pipe(t)
			duplicate(t, number)
			r, w := pipe(t)
			watch(t, d, number, Readable)
			unix.Close(number)
			watch(t, d, number, 0)
			if again {
				copyTo(t, r, number)
				watch(t, d, number, Readable)
			} else {
				watch(t, d, r, Readable)
				number = r
			}
			write(t, ghost)
			expect(t, d, nil)
			var peer sync.WaitGroup
			peer.Go(func() { unix.Write(w, []byte("x")) })
			if got := await(t, d, -1); got[number] != Readable || len(got) != 1 {
				t.Error(got)
			}
			peer.Wait()
			drain(t, r)
			// With only a wake left to end it, a wait blocks until then.
			peer.Go(d.Wake)
			wait(t, d, -1, 0)
			peer.Wait()
		})
	}
}

func TestWatchKeepsBlockingMode(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		r, w := pipe(t)
		if err := unix.SetNonblock(r, false); err != nil {
			t.Fatal(err)
		}
		watch(t, d, r, Readable)
		if flags, err := unix.FcntlInt(uintptr(r), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK != 0 {
			t.Errorf("flags %#x, %v", flags, err)
		}
		var peer sync.WaitGroup
		peer.Go(func() { unix.Write(w, []byte("x")) })
		await(t, d, -1)
		peer.Wait()
	})
}

func TestCloseWhileWatching(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		a, b := socketpair(t)
		watch(t, d, a, Readable)
		d.Wake()
		wait(t, d, -1, 0)
		wait(t, d, 1, 0) // the portable driver has goroutines out after this
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		write(t, b)
		drain(t, a) // still open
	})
}

func BenchmarkPollOneDescriptor(b *testing.B) {
	for _, s := range system {
		if s.name == "simulated" {
			continue
		}
		b.Run(s.name, func(b *testing.B) {
			d, err := Open(s.name)
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			r, _ := pipe(b)
			if err := d.Watch(r, Readable); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := d.Wait(0, 0, nothing); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
