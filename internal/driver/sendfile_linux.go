package driver

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Sendfile sends up to count bytes of a regular file to a non-blocking socket, as much as that takes, and returns EAGAIN
// when it takes nothing, 0 with no error at the end of the file. It sends from offset on, which it moves; with a nil
// offset, from the file's own position. Safe from any goroutine.
//
// It waits for the disk when the file is not in memory, so it is no raw system call. [SendfileResident] is.
func Sendfile(socket, file int, offset *int64, count int) (int, error) {
	for {
		n, err := unix.Sendfile(socket, file, offset, count)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// SendfileResident is [Sendfile] from the file's own position, of a piece that is in memory ([Resident]): it takes some
// hundred microseconds a megabyte and never waits. The scheduler would take a call that long for one that blocks, and
// have another thread go on in its place: on one core that costs a sixth of the throughput. Should part of the piece
// be on the disk after all, other goroutines and the collector wait for that too, so pieces are to be small.
func SendfileResident(socket, file, count int) (int, error) {
	return moveResident(unix.SYS_SENDFILE, socket, file, 0, count, 0, 0)
}

// moveResident is a raw system call, made again when a signal interrupts it.
func moveResident(call uintptr, a1, a2, a3, a4, a5, a6 int) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall6(call, uintptr(a1), uintptr(a2), uintptr(a3), uintptr(a4), uintptr(a5), uintptr(a6))
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}
