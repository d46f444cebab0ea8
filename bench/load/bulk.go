//go:build linux

package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Bulk transfers are one connection and blocking calls. Unless it compares what it gets, the
// client has the kernel discard it without a copy, so as to be faster than any server.

// WriteBulk writes the first size bytes of the stream that bulk transfers are made of.
func WriteBulk(w io.Writer, size int64) error {
	bytes := newStream(0).bytes
	for size > 0 {
		n, err := w.Write(bytes[:min(size, period)])
		if err != nil {
			return fmt.Errorf("load: writing bulk: %w", err)
		}
		size -= int64(n)
	}
	return nil
}

// Download reads what the server sends until its end, which must be size bytes, and returns the time
// from connecting on. With compare set it looks at every byte, which must be WriteBulk's.
func Download(address netip.AddrPort, size int64, compare bool) (time.Duration, error) {
	begin := time.Now()
	fd, err := connect(address, 0)
	if err != nil {
		return 0, fmt.Errorf("load: %w", err)
	}
	defer unix.Close(fd)
	if err := drainBulk(fd, size, compare); err != nil {
		return 0, fmt.Errorf("load: download: %w", err)
	}
	return time.Since(begin), nil
}

// A Sink is the far end of a proxy.
type Sink struct {
	Address  netip.AddrPort // that the proxy connects to
	listener int
}

// NewSink listens on 127.0.0.1.
func NewSink() (*Sink, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("load: socket: %w", err)
	}
	err = errors.Join(
		unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}),
		unix.Listen(fd, 16),
		setPatience(fd),
	)
	bound, nameErr := unix.Getsockname(fd)
	if err = errors.Join(err, nameErr); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("load: sink: %w", err)
	}
	inet := bound.(*unix.SockaddrInet4)
	return &Sink{netip.AddrPortFrom(netip.AddrFrom4(inet.Addr), uint16(inet.Port)), fd}, nil
}

// Close stops listening.
func (s *Sink) Close() error { return unix.Close(s.listener) }

// Through sends the file, which WriteBulk wrote, to the proxy and returns the time until the sink has had its
// size bytes and then the end. It sends by sendfile, which costs less than what it feeds.
func (s *Sink) Through(proxy netip.AddrPort, file *os.File, size int64, compare bool) (time.Duration, error) {
	begin := time.Now()
	source, err := connect(proxy, 0)
	if err != nil {
		return 0, fmt.Errorf("load: %w", err)
	}
	sent := make(chan error, 1)
	go func() {
		err := sendBulk(source, int(file.Fd()), size)
		// The sink sees the end only if the proxy hands it on.
		sent <- errors.Join(err, unix.Shutdown(source, unix.SHUT_WR))
	}()
	err = s.takeOne(size, compare)
	if err != nil {
		unix.Shutdown(source, unix.SHUT_RDWR) // whatever the sender waits for
	}
	err = errors.Join(err, <-sent)
	unix.Close(source)
	if err != nil {
		return 0, fmt.Errorf("load: through the proxy: %w", err)
	}
	return time.Since(begin), nil
}

func (s *Sink) takeOne(size int64, compare bool) error {
	fd, _, err := unix.Accept4(s.listener, unix.SOCK_CLOEXEC)
	for err == unix.EINTR { // a call with a timeout is not restarted, signal(7)
		fd, _, err = unix.Accept4(s.listener, unix.SOCK_CLOEXEC)
	}
	if err != nil {
		return fmt.Errorf("the proxy did not connect: %w", err)
	}
	defer unix.Close(fd)
	return drainBulk(fd, size, compare)
}

func sendBulk(fd, file int, size int64) error {
	if err := setPatience(fd); err != nil {
		return err
	}
	for offset := int64(0); offset < size; {
		_, err := unix.Sendfile(fd, file, &offset, int(min(size-offset, 1<<30)))
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("sendfile: %w", err)
		}
	}
	return nil
}

// drainBulk reads until the end.
func drainBulk(fd int, size int64, compare bool) error {
	if err := setPatience(fd); err != nil {
		return err
	}
	flags := unix.MSG_TRUNC // a TCP socket then discards what it would have copied
	if compare {
		flags = 0
	}
	buffer := make([]byte, 1<<20)
	want := newStream(0).bytes
	for got := int64(0); ; {
		into := buffer
		if compare {
			into = buffer[:period-got%period]
		}
		n, _, err := unix.Recvfrom(fd, into, flags)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("receiving after %d bytes: %w", got, err)
		}
		if n == 0 && got < size {
			return fmt.Errorf("%d bytes came, want %d", got, size)
		}
		if n == 0 {
			return nil
		}
		if compare && !bytes.Equal(into[:n], want[got%period:got%period+int64(n)]) {
			return fmt.Errorf("other bytes than were sent, after %d", got)
		}
		if got += int64(n); got > size {
			return fmt.Errorf("more than %d bytes came", size)
		}
	}
}

// setPatience bounds how long a blocking call waits.
func setPatience(fd int) error {
	limit := unix.NsecToTimeval(patience.Nanoseconds())
	return errors.Join(
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit),
	)
}
