//go:build unix && !aix

package driver

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// rearm is what the owner of a registered descriptor does that has found nothing there.
func rearm(d Driver, fd int, interest Interest) {
	if d, ok := d.(Rearmer); ok {
		d.Rearm(fd, interest)
	}
}

func reports(t *testing.T, d Driver) map[int]Interest {
	t.Helper()
	got := make(map[int]Interest)
	if err := d.Wait(0, 0, func(fd int, is Interest) { got[fd] |= is }); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestRegisteredIsReportedOnce(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		a, b := socketpair(t)
		if err := d.Register(a); err != nil {
			t.Fatal(err)
		}
		if got := reports(t, d); got[a] != Writable {
			t.Errorf("at first %v, want Writable", got[a])
		}
		if got := reports(t, d); got[a] != 0 {
			t.Errorf("again %v", got[a])
		}
		for range 3 {
			rearm(d, a, Readable)
			write(t, b)
			if got := await(t, d, -1); got[a]&Readable == 0 || got[a]&HungUp != 0 {
				t.Errorf("after a write %v, want Readable", got[a])
			}
			if got := reports(t, d); got[a] != 0 {
				t.Errorf("again %v", got[a])
			}
			drain(t, a)
		}
		d.Unregister(a)
		d.Unregister(a)
		write(t, b)
		if got := reports(t, d); len(got) != 0 {
			t.Errorf("unregistered, and %v", got)
		}
	})
}

func TestRegisteredHearsOfAHangup(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		a, b := socketpair(t)
		if err := d.Register(a); err != nil {
			t.Fatal(err)
		}
		reports(t, d)
		rearm(d, a, Readable)
		if err := unix.Shutdown(b, unix.SHUT_WR); err != nil {
			t.Fatal(err)
		}
		got := await(t, d, -1)
		if got[a]&Readable == 0 {
			t.Errorf("reported %v, want Readable", got[a])
		}
		// The portable driver's owner finds out by reading, for it cannot be told.
		if _, told := d.(Rearmer); !told && got[a]&HungUp == 0 {
			t.Errorf("reported %v, want HungUp", got[a])
		}
	})
}

func TestRegisterReplacesWhatTheNumberWas(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		number, _ := socketpair(t)
		if err := d.Register(number); err != nil {
			t.Fatal(err)
		}
		reports(t, d)
		unix.Close(number)
		r, w := pipe(t)
		if r != number {
			copyTo(t, r, number)
			unix.Close(r)
		}
		if err := d.Register(number); err != nil {
			t.Fatal(err)
		}
		write(t, w)
		if got := await(t, d, -1); got[number] != Readable {
			t.Errorf("reported %v, want Readable", got)
		}
		d.Unregister(number)
		watch(t, d, number, Readable)
		expect(t, d, ready{number: Readable})
	})
}

func TestRegisterRefused(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		if err := d.Register(-1); !errors.Is(err, unix.EBADF) {
			t.Errorf("got %v", err)
		}
		r, _ := pipe(t)
		d.Unregister(r)
		d.Close()
		if err := d.Register(r); err == nil {
			t.Error("a closed driver registers")
		}
		d.Unregister(r)
	})
}
