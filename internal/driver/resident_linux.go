package driver

import "golang.org/x/sys/unix"

// Resident reports whether the byte of a regular file at offset can be read without waiting for the disk. Files of
// tmpfs, which cannot say, have none. Where another file system cannot say, it reports false. Safe from any goroutine.
func Resident(file int, offset int64) bool {
	var b [1]byte
	for {
		_, err := unix.Preadv2(file, [][]byte{b[:]}, offset, unix.RWF_NOWAIT)
		switch err {
		case unix.EINTR:
		case unix.EOPNOTSUPP:
			var of unix.Statfs_t
			return unix.Fstatfs(file, &of) == nil && of.Type == unix.TMPFS_MAGIC
		default:
			return err == nil
		}
	}
}
