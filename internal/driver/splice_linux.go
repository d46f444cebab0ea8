package driver

import "golang.org/x/sys/unix"

// Splice moves up to count bytes between two non-blocking descriptors, one of which is a pipe, without copying them
// into the process. It returns EAGAIN when nothing is there or nothing is taken, and 0 with no error at the end of the
// stream. Safe from any goroutine.
//
// It may have to wait for the pipe's lock, so it is no raw system call.
func Splice(from, to, count int) (int, error) {
	for {
		n, err := unix.Splice(from, nil, to, nil, count, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		if err != unix.EINTR {
			return int(max(n, 0)), err
		}
	}
}

// SpliceResident is [Splice] between a pipe that nobody else uses and either a piece of a regular file that is in memory
// ([Resident]), from the file's own position, or a socket. As [SendfileResident] it is a call that the scheduler is not
// told of, and waits only for what is on the disk after all.
func SpliceResident(from, to, count int) (int, error) {
	return moveResident(unix.SYS_SPLICE, from, 0, to, 0, count, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
}
