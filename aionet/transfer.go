//go:build unix && !aix

package aionet

import "github.com/goaio/aio/internal/driver"

// read reads from a descriptor of a kind, at once: EAGAIN when nothing is there.
func (n network) read(fd int, p []byte) (int, error) {
	if n == pipe {
		return driver.Read(fd, p)
	}
	return driver.Receive(fd, p)
}

// write writes as much as is taken at once: EAGAIN when nothing is.
func (n network) write(fd int, p []byte) (int, error) {
	if n == pipe {
		return driver.Write(fd, p)
	}
	return driver.Send(fd, p)
}
