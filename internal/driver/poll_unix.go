//go:build unix && !aix

package driver

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

var errRegular = errors.New("regular files are always ready; read and write them with aio.Blocking")

// watchError says why a descriptor cannot be watched.
func watchError(fd int, err error) error {
	var stat unix.Stat_t
	if errors.Is(err, unix.EPERM) && unix.Fstat(fd, &stat) == nil {
		switch stat.Mode & unix.S_IFMT {
		case unix.S_IFREG, unix.S_IFDIR:
			err = errRegular
		default:
			err = fmt.Errorf("%w: a file of this kind cannot be polled", err)
		}
	}
	return fmt.Errorf("driver: watch descriptor %d: %w", fd, err)
}
