package driver

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestEventfd(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
		if err != nil {
			t.Fatal(err)
		}
		own(t, fd)
		watch(t, d, fd, Readable|Writable)
		expect(t, d, ready{fd: Writable})
		write(t, fd)
		expect(t, d, ready{fd: Readable | Writable})
		drain(t, fd)
		expect(t, d, ready{fd: Writable})
	})
}

func TestTerminal(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Skipf("this system gives no pseudo-terminals: %v", err)
		}
		own(t, master)
		if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
			t.Fatal(err)
		}
		slave, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(master), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
		if errno != 0 {
			t.Fatal(errno)
		}
		terminal := own(t, int(slave))
		watch(t, d, terminal, Readable)
		watch(t, d, master, Readable|Writable)
		expect(t, d, ready{master: Writable})
		if _, err := unix.Write(master, []byte("line\n")); err != nil {
			t.Fatal(err)
		}
		if got := await(t, d, -1); got[master]&Writable == 0 && got[terminal] == 0 {
			t.Error(got)
		}
		watch(t, d, master, 0)
		if got := await(t, d, -1); got[terminal] != Readable {
			t.Error(got)
		}
	})
}

func TestNullDeviceIsRefused(t *testing.T) {
	each(t, false, func(t *testing.T, d Driver) {
		fd, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		own(t, fd)
		if err := d.Watch(fd, Readable); err == nil {
			t.Error("the null device is watched")
		}
	})
}
