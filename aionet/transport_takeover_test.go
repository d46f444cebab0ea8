//go:build unix && !aix

package aionet

import (
	"context"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// What was given back to a connection is the first that its protocol hears of.
func TestAProtocolHearsWhatWasGivenBack(t *testing.T) {
	run(t, func(ctx context.Context) error {
		a, b := pair(ctx, t, "tcp")
		a.giveBack([]byte("given back"))
		r := newRecorder()
		transport, err := StartProtocol(ctx, a, r)
		if err != nil {
			return err
		}
		if err := r.expect(ctx, "made", "data given back"); err != nil {
			return err
		}
		if _, err := b.Write([]byte("new")); err != nil {
			return err
		}
		if err := r.expect(ctx, "data new"); err != nil {
			return err
		}
		transport.Close()
		return r.expect(ctx, "lost <nil>")
	})
}

// A file that was blocking is so again after a protocol had it.
func TestAProtocolLeavesAFileBlocking(t *testing.T) {
	run(t, func(ctx context.Context) error {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fds[1])
		same, err := unix.Dup(fds[0])
		if err != nil {
			return err
		}
		defer unix.Close(same)
		f := os.NewFile(uintptr(fds[0]), "socket")
		defer f.Close()
		c, err := FileConn(f)
		if err != nil {
			return err
		}
		r := newRecorder()
		transport, err := StartProtocol(ctx, c, r)
		if err != nil {
			return err
		}
		if !isNonblocking(t, same) {
			t.Error("blocking while the transport has it")
		}
		transport.Close()
		if err := r.expect(ctx, "made", "lost <nil>"); err != nil {
			return err
		}
		if isNonblocking(t, same) {
			t.Error("it was blocking, and is not as it was")
		}
		return nil
	})
}
