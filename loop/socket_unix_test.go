//go:build unix && !aix

package loop

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func nonblocking(t *testing.T, family, kind int) int {
	t.Helper()
	fd, err := unix.Socket(family, kind, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	return fd
}

// inTask runs fn as a task of a new loop.
func inTask(t *testing.T, fn func(ctx context.Context, l *Loop) error) {
	t.Helper()
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	task := start(l, func(ctx context.Context) error { return fn(ctx, l) })
	task.AddDoneCallback(l.Stop)
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	if err := task.Err(); err != nil {
		t.Error(err)
	}
}

// A program of raw sockets talks to a peer of package net: connect, send more
// than fits, receive, and send a file.
func TestSocketCallsWithAPeer(t *testing.T) {
	inTask(t, func(ctx context.Context, l *Loop) error {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer listener.Close()
		go func() {
			c, err := listener.Accept()
			if err == nil {
				_, _ = io.Copy(c, c)
				c.Close()
			}
		}()
		fd := nonblocking(t, unix.AF_INET, unix.SOCK_STREAM)
		to := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: listener.Addr().(*net.TCPAddr).Port}
		if err := l.SocketConnect(ctx, fd, to); err != nil {
			return err
		}
		content := bytes.Repeat([]byte("socket"), 1<<19)
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		sending := start(l, func(ctx context.Context) error {
			if n, err := l.SocketSendAll(ctx, fd, content); n != len(content) || err != nil {
				t.Errorf("sent %d of %d, %v", n, len(content), err)
			}
			n, err := l.SocketSendFile(ctx, fd, f, 6, -1)
			if at, _ := f.Seek(0, io.SeekCurrent); n != int64(len(content)-6) || err != nil || at != int64(len(content)) {
				t.Errorf("sent %d of the file, which is at %d, %v", n, at, err)
			}
			if n, err := l.SocketSendFile(ctx, fd, f, 0, 6); n != 6 || err != nil {
				t.Errorf("sent %d of the file, %v", n, err)
			}
			return unix.Shutdown(fd, unix.SHUT_WR)
		})
		var got bytes.Buffer
		p := make([]byte, 1<<16)
		for {
			n, err := l.SocketReceive(ctx, fd, p)
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
			got.Write(p[:n])
		}
		if !bytes.Equal(got.Bytes(), append(content, content...)) {
			t.Errorf("%d bytes came back, or changed", got.Len())
		}
		err, _ = sending.Wait(ctx)
		return err
	})
}

func TestSocketAccept(t *testing.T) {
	inTask(t, func(ctx context.Context, l *Loop) error {
		fd := nonblocking(t, unix.AF_INET, unix.SOCK_STREAM)
		if err := errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(fd, 5)); err != nil {
			return err
		}
		name, err := unix.Getsockname(fd)
		if err != nil {
			return err
		}
		connecting := start(l, func(ctx context.Context) error {
			client := nonblocking(t, unix.AF_INET, unix.SOCK_STREAM)
			return l.SocketConnect(ctx, client, name)
		})
		accepted, from, err := l.SocketAccept(ctx, fd)
		if err != nil {
			return err
		}
		defer unix.Close(accepted)
		if _, is := from.(*unix.SockaddrInet4); !is {
			t.Errorf("accepted from %v", from)
		}
		err, _ = connecting.Wait(ctx)
		return err
	})
}

func TestSocketDatagrams(t *testing.T) {
	inTask(t, func(ctx context.Context, l *Loop) error {
		fd := nonblocking(t, unix.AF_INET, unix.SOCK_DGRAM)
		if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
			return err
		}
		self, err := unix.Getsockname(fd)
		if err != nil {
			return err
		}
		l.CallLater(time.Millisecond, func() { _ = unix.Sendto(fd, []byte("later"), 0, self) })
		p := make([]byte, 10)
		if n, from, err := l.SocketReceiveFrom(ctx, fd, p); string(p[:n]) != "later" || err != nil ||
			from.(*unix.SockaddrInet4).Port != self.(*unix.SockaddrInet4).Port {
			t.Errorf("received %q from %v, %v", p[:n], from, err)
		}
		if err := l.SocketSendTo(ctx, fd, nil, self); err != nil {
			return err
		}
		n, _, err := l.SocketReceiveFrom(ctx, fd, p)
		if n != 0 {
			t.Errorf("received %d", n)
		}
		return err
	})
}

// A cancel takes the reader or writer away again and says what was sent.
func TestSocketCallsCancelled(t *testing.T) {
	inTask(t, func(ctx context.Context, l *Loop) error {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		for _, fd := range fds {
			defer unix.Close(fd)
			_ = unix.SetNonblock(fd, true)
		}
		receiving := start(l, func(ctx context.Context) error { _, err := l.SocketReceive(ctx, fds[1], make([]byte, 1)); return err })
		sent := 0
		sending := start(l, func(ctx context.Context) (err error) {
			sent, err = l.SocketSendAll(ctx, fds[0], make([]byte, 10<<20))
			return err
		})
		_ = Yield(ctx)
		_ = Yield(ctx)
		if _, err := l.SocketSendAll(ctx, fds[0], []byte("x")); err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("a second sender: %v", err)
		}
		for _, task := range []*Task{receiving, sending} {
			task.Cancel(nil)
			if err, _ := task.Wait(ctx); !IsCancelled(err) && err != nil {
				t.Errorf("ended with %v", err)
			}
		}
		if sent == 0 || sent == 10<<20 {
			t.Errorf("%d bytes were sent", sent)
		}
		if l.RemoveReader(fds[1]) || l.RemoveWriter(fds[0]) {
			t.Error("a reader or writer was left")
		}
		there := 0
		for p := make([]byte, 1<<20); ; {
			n, err := unix.Read(fds[1], p)
			if err != nil || n == 0 {
				break
			}
			there += n
		}
		if there > sent || there == 0 {
			t.Errorf("%d bytes sent, %d there", sent, there)
		}
		return nil
	})
}

func TestSocketCallsRefuse(t *testing.T) {
	inTask(t, func(ctx context.Context, l *Loop) error {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fds[0])
		defer unix.Close(fds[1])
		if _, err := l.SocketReceive(ctx, fds[0], make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "non-blocking") {
			t.Errorf("a blocking one: %v", err)
		}
		if _, err := l.SocketReceive(ctx, -1, make([]byte, 1)); !errors.Is(err, unix.EBADF) {
			t.Errorf("none: %v", err)
		}
		outside := make(chan error)
		go func() { _, err := l.SocketReceive(ctx, fds[0], nil); outside <- err }()
		if err := <-outside; !errors.Is(err, ErrNotOnLoop) {
			t.Errorf("in a goroutine: %v", err)
		}
		return nil
	})
}
