//go:build unix && !aix

package aionet

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// socketFile is the file of a Unix socket that was made by listening. It is
// known by its inode, for by the time it is to be removed another process may
// have put its own in the place.
type socketFile struct {
	path   string
	device uint64
	inode  uint64
}

func isAbstract(path string) bool { return path == "" || path[0] == '@' || path[0] == 0 }

func socketFileOf(path string) *socketFile {
	var stat unix.Stat_t
	if isAbstract(path) || unix.Lstat(path, &stat) != nil {
		return nil
	}
	return &socketFile{path: path, device: uint64(stat.Dev), inode: stat.Ino}
}

func (f *socketFile) remove() {
	if f == nil {
		return
	}
	if now := socketFileOf(f.path); now != nil && now.inode == f.inode && now.device == f.device {
		_ = os.Remove(f.path)
	}
}

// removeStale removes the file of a Unix socket of a kind such as SOCK_STREAM
// that nobody listens on: what a process leaves behind that was killed.
func removeStale(path string, kind int) error {
	if isAbstract(path) {
		return nil
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return nil // listening says what is wrong, if anything is
	}
	fd, err := unix.Socket(unix.AF_UNIX, kind, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	unix.CloseOnExec(fd)
	_ = unix.SetNonblock(fd, true)
	if err = unix.Connect(fd, &unix.SockaddrUnix{Name: path}); errors.Is(err, unix.ECONNREFUSED) {
		return os.Remove(path)
	}
	return nil
}
