//go:build unix && !aix

package aionet

import "github.com/goaio/aio/internal/driver"

// read reads from a descriptor of a kind, at once: EAGAIN when nothing is there.
func (n network) read(fd int, p []byte) (int, error) { return driver.ReadStream(fd, p, n != pipe) }

// write writes as much as is taken at once: EAGAIN when nothing is.
func (n network) write(fd int, p []byte) (int, error) { return driver.WriteStream(fd, p, n != pipe) }
