package driver

import "golang.org/x/sys/unix"

// Resident reports whether the byte of a regular file at offset can be read without waiting for the disk. Where the file
// system cannot say, it reports false; see [InMemory]. Safe from any goroutine.
func Resident(file int, offset int64) bool {
	var b [1]byte
	for {
		_, err := unix.Preadv2(file, [][]byte{b[:]}, offset, unix.RWF_NOWAIT)
		if err != unix.EINTR {
			return err == nil
		}
	}
}

// InMemory reports whether a file is of tmpfs, which has no disk and cannot say what is [Resident]. Safe from any
// goroutine.
func InMemory(file int) bool {
	var of unix.Statfs_t
	return unix.Fstatfs(file, &of) == nil && of.Type == unix.TMPFS_MAGIC
}
