//go:build unix && !aix

package aionet

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio"
)

// DialError is the error of a [Dialer] that has tried several addresses. It is a
// [net.Error]; errors.Is and errors.As look into the error of each attempt.
type DialError struct {
	Network, Address string
	// Attempts has a [*net.OpError] for each address that was tried, in order.
	Attempts []error
}

func (e *DialError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "dial %s %s: none of %d addresses answered", e.Network, e.Address, len(e.Attempts))
	separator := ": "
	for _, err := range e.Attempts {
		text.WriteString(separator)
		separator = "; "
		var attempt *net.OpError
		if errors.As(err, &attempt) && attempt.Addr != nil {
			fmt.Fprintf(&text, "%v: %v", attempt.Addr, attempt.Err)
		} else {
			text.WriteString(err.Error())
		}
	}
	return text.String()
}

// Unwrap returns the errors of the attempts.
func (e *DialError) Unwrap() []error { return e.Attempts }

// Timeout reports whether an attempt was ended by [Dialer.Timeout] or by the
// system's own patience.
func (e *DialError) Timeout() bool {
	for _, err := range e.Attempts {
		var attempt net.Error
		if errors.As(err, &attempt) && attempt.Timeout() {
			return true
		}
	}
	return false
}

// Temporary is there for [net.Error]; it is Timeout.
func (e *DialError) Temporary() bool { return e.Timeout() }

// timedOut makes the errors of attempts that were made, of which some were
// cancelled when the time was up.
func timedOut(network string, addresses []netip.AddrPort, attempts []error) (errs []error) {
	for i, err := range attempts {
		if aio.IsCancelled(err) {
			err = dialError(network, net.TCPAddrFromAddrPort(addresses[i]), os.ErrDeadlineExceeded)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// dialError makes the error of a dial to one address: that of package net, but
// for a cancel.
func dialError(network string, to net.Addr, err error) error {
	if err == nil || aio.IsCancelled(err) {
		return err
	}
	if errno, is := err.(unix.Errno); is {
		err = os.NewSyscallError("connect", errno)
	}
	return &net.OpError{Op: "dial", Net: network, Addr: to, Err: err}
}

// dialled is an address as it was given to Dial.
type dialled struct{ network, address string }

func (d dialled) Network() string { return d.network }
func (d dialled) String() string  { return d.address }
