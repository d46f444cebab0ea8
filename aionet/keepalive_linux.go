package aionet

import (
	"time"

	"golang.org/x/sys/unix"
)

// keepAlive asks after that many quiet seconds, as often, 9 times.
func keepAlive(fd int, every time.Duration) {
	seconds := int((every + time.Second - 1) / time.Second)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, seconds)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, seconds)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 9)
}
