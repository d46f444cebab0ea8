package loop

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/internal/driver"
)

func sendFile(socket int, file *os.File, offset int64, count int) (n int, err error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return 0, err
	}
	at := offset
	if controlErr := raw.Control(func(fd uintptr) { n, err = driver.Sendfile(socket, int(fd), &at, count) }); controlErr != nil {
		return 0, controlErr
	}
	if err == unix.EINVAL || err == unix.ENOSYS {
		return sendThroughBuffer(socket, file, offset, count)
	}
	return n, err
}
