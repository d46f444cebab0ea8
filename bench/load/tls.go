//go:build linux

package load

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// handshakes is how many handshakes are under way at once: enough to keep both sides busy.
const handshakes = 16

// TLSConnections are connections over TLS to an echo server, each used once, then idle.
type TLSConnections struct {
	mu          sync.Mutex
	connections []net.Conn
}

// DialTLS opens n connections, the first of them numbered first, and has one message of size bytes echoed on each.
func DialTLS(ctx context.Context, address netip.AddrPort, n, first, size int, config *tls.Config) (*TLSConnections, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t := &TLSConnections{}
	numbers := make(chan int)
	var workers sync.WaitGroup
	for range min(handshakes, n) {
		workers.Go(func() {
			for i := range numbers {
				if err := t.dial(ctx, address, i, size, config); err != nil {
					cancel(fmt.Errorf("load: TLS connection %d: %w", i, err))
				}
			}
		})
	}
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		numbers <- first + i
	}
	close(numbers)
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// Close resets the connections without a word of TLS.
func (t *TLSConnections) Close() error {
	var errs []error
	for _, conn := range t.connections {
		errs = append(errs, conn.Close())
	}
	t.connections = nil
	return errors.Join(errs...)
}

func (t *TLSConnections) dial(ctx context.Context, address netip.AddrPort, i, size int, config *tls.Config) error {
	from, err := source(address, i)
	if err != nil {
		return err
	}
	dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), Timeout: patience}
	raw, err := dialer.DialContext(ctx, "tcp", address.String())
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.connections = append(t.connections, raw)
	t.mu.Unlock()
	if err := raw.(*net.TCPConn).SetLinger(0); err != nil {
		return err
	}
	if err := raw.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	conn := tls.Client(raw, config)
	message := newStream(size).piece(i*7919%period, 0, size)
	if _, err := conn.Write(message); err != nil {
		return err
	}
	answer := make([]byte, size)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return err
	}
	if !bytes.Equal(answer, message) {
		return fmt.Errorf("the server sent other bytes than it got: %q", answer)
	}
	return raw.SetDeadline(time.Time{})
}
