//go:build !unix || aix

package driver

import (
	"errors"
	"fmt"
	"runtime"
)

// portablePolls is empty where Go's poller does not say when a descriptor is ready: Windows completes operations
// instead.
type portablePolls struct{}

func (*portablePolls) init(signal)                              {}
func (*portablePolls) report(func(int, Interest)) (bool, error) { return false, nil }
func (*portablePolls) arm()                                     {}
func (*portablePolls) close()                                   {}

func (d *portable) Watch(fd int, interest Interest) error {
	if d.closed {
		return closedError(fmt.Sprintf("watch descriptor %d", fd))
	}
	if err := checkInterest(fd, interest); err != nil || interest == 0 {
		return err
	}
	return fmt.Errorf("driver: watch descriptor %d: %w on %s, where descriptors cannot be polled; use connections of aionet",
		fd, errors.ErrUnsupported, runtime.GOOS)
}

func (d *portable) watch(fd int, interest Interest) error { return d.Watch(fd, interest&^HungUp) }
