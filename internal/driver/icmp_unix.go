//go:build unix && !linux

package driver

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// ReportErrors is Linux's alone.
func ReportErrors(int, bool) error { return errors.ErrUnsupported }

// ReceiveError finds nothing.
func ReceiveError(int) (Peer, syscall.Errno, error) { return Peer{}, 0, unix.EAGAIN }
