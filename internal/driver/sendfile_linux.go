package driver

import "golang.org/x/sys/unix"

// Sendfile sends up to count bytes of a regular file to a non-blocking socket, as much as that takes, and returns EAGAIN
// when it takes nothing, 0 with no error at the end of the file. It sends from offset on, which it moves; with a nil
// offset, from the file's own position. Safe from any goroutine.
//
// It waits for the disk when the file is not in memory ([Resident]), so it is no raw system call.
func Sendfile(socket, file int, offset *int64, count int) (int, error) {
	for {
		n, err := unix.Sendfile(socket, file, offset, count)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}
