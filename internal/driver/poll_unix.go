//go:build unix && !aix

package driver

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

var errRegular = errors.New("regular files are always ready; read and write them with aio.Blocking")

// refuseRegular returns an error for what is always ready, which not every system refuses to watch, and for what is not
// open.
func refuseRegular(fd int) error {
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return err
	}
	if kind := stat.Mode & unix.S_IFMT; kind == unix.S_IFREG || kind == unix.S_IFDIR {
		return errRegular
	}
	return nil
}

// watchError says why a descriptor cannot be watched.
func watchError(fd int, err error) error {
	if errors.Is(err, unix.EPERM) {
		err = fmt.Errorf("%w: a file of this kind cannot be polled", err)
		if refused := refuseRegular(fd); refused != nil {
			err = refused
		}
	}
	return fmt.Errorf("driver: watch descriptor %d: %w", fd, err)
}
