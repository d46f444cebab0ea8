//go:build unix && !aix

package aionet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio"
)

func TestPipe(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		r, w, err := Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		content := noise(1 << 20)
		go func() { _, _ = w.Write(content); w.Close() }()
		if got, err := io.ReadAll(r); !bytes.Equal(got, content) || err != nil {
			t.Errorf("read %d bytes, %v", len(got), err)
		}
		if got := r.RemoteAddr().Network(); got != "pipe" {
			t.Errorf("its network is %q", got)
		}
	})
}

// Nobody reads a pipe any more.
func TestPipeWithoutAReader(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		r, w, err := Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		go func() { _, _ = r.Read(make([]byte, 1)); r.Close() }()
		if n, err := w.Write(make([]byte, 10<<20)); !errors.Is(err, syscall.EPIPE) || n == 0 {
			t.Errorf("wrote %d, %v", n, err)
		}
	})
}

func TestPipeIsWaitedFor(t *testing.T) {
	run(t, func(ctx context.Context) error {
		r, w, err := Pipe()
		if err != nil {
			return err
		}
		defer r.Close()
		defer w.Close()
		err = aio.Timeout(ctx, 5*time.Millisecond, r.WaitReadable)
		var timeout *aio.TimeoutError
		if !errors.As(err, &timeout) {
			t.Errorf("with nothing in it: %v", err)
		}
		if _, err := w.Write([]byte("12345678")); err != nil {
			return err
		}
		// What fills the buffer may have emptied the pipe.
		if _, err := io.ReadFull(r, make([]byte, 8)); err != nil {
			return err
		}
		if err := aio.Timeout(ctx, 5*time.Millisecond, r.WaitReadable); !errors.As(err, &timeout) {
			t.Errorf("with nothing left: %v", err)
		}
		return nil
	})
}

func TestSocketPair(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		a, b, err := SocketPair()
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		content := noise(1 << 20)
		go func() { _, _ = io.Copy(b, b); b.Close() }()
		go func() { _, _ = a.Write(content); _ = a.CloseWrite() }()
		if got, err := io.ReadAll(a); !bytes.Equal(got, content) || err != nil {
			t.Errorf("read %d bytes, %v", len(got), err)
		}
	})
}

func TestFileConnOfAFIFO(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "fifo")
		if err := unix.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		c, err := FileConn(f)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for !c.waits(reading) {
				runtime.Gosched()
			}
			_ = os.WriteFile(path, []byte("hello"), 0)
		}()
		got := make([]byte, 5)
		if _, err := io.ReadFull(c, got); string(got) != "hello" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		c.Close()
		if _, err := f.Stat(); err != nil {
			t.Errorf("the file was closed too: %v", err)
		}
	})
}

func isNonblocking(t *testing.T, fd int) bool {
	t.Helper()
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		t.Fatal(err)
	}
	return flags&unix.O_NONBLOCK != 0
}

// A blocking file is non-blocking while the connection is open, and not after.
func TestFileConnRestoresTheMode(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		for _, blocking := range []bool{true, false} {
			var fds [2]int
			if err := unix.Pipe(fds[:]); err != nil {
				t.Fatal(err)
			}
			defer unix.Close(fds[1])
			f := os.NewFile(uintptr(fds[0]), "pipe")
			defer f.Close()
			if err := unix.SetNonblock(fds[0], !blocking); err != nil {
				t.Fatal(err)
			}
			c, err := FileConn(f)
			if err != nil {
				t.Fatal(err)
			}
			if !isNonblocking(t, fds[0]) {
				t.Error("a connection that blocks")
			}
			c.Close()
			if isNonblocking(t, fds[0]) == blocking {
				t.Errorf("it was blocking: %v, and is not as it was", blocking)
			}
		}
	})
}

func TestFileConnRefuses(t *testing.T) {
	directory, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer directory.Close()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	socket, err := packets.(*net.UDPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	closed := fileOf(t, nil)
	closed.Close()
	for want, f := range map[string]*os.File{
		"aio.Blocking": fileOf(t, nil), "always ready": directory, "not one for streams": socket, "closed": closed,
	} {
		if c, err := FileConn(f); c != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

func TestFileConnOfASocket(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		_, peer := withPeer(t, "tcp")
		f, err := peer.(*net.TCPConn).File()
		if err != nil {
			t.Fatal(err)
		}
		c, err := FileConn(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if c.RemoteAddr().String() != peer.RemoteAddr().String() || c.LocalAddr().String() != peer.LocalAddr().String() {
			t.Errorf("from %v to %v", c.LocalAddr(), c.RemoteAddr())
		}
	})
}

// Another program on both ends, and a copy that is spliced between its pipes.
func TestPipesToAnotherProgram(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		command := exec.Command("cat")
		stdin, in, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		out, stdout, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		command.Stdin, command.Stdout = stdin, stdout
		if err := command.Start(); err != nil {
			t.Skip("no cat: ", err)
		}
		stdin.Close()
		stdout.Close()
		w, err := FileConn(in)
		if err != nil {
			t.Fatal(err)
		}
		r, err := FileConn(out)
		if err != nil {
			t.Fatal(err)
		}
		in.Close()
		out.Close()
		content := noise(3<<20 + 1)
		from, peer := withPeer(t, "tcp")
		go func() { _, _ = peer.Write(content); peer.Close() }()
		copied := make(chan error, 1)
		go func() {
			_, err := io.Copy(w, from)
			w.Close()
			copied <- err
		}()
		var got bytes.Buffer
		n, err := io.Copy(&got, r)
		r.Close()
		if n != int64(len(content)) || err != nil || !bytes.Equal(got.Bytes(), content) {
			t.Errorf("%d of %d bytes came back, %v", n, len(content), err)
		}
		if err := <-copied; err != nil {
			t.Error(err)
		}
		if err := command.Wait(); err != nil {
			t.Error(err)
		}
	})
}

func ExamplePipe() {
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		r, w, err := Pipe()
		if err != nil {
			return err
		}
		defer r.Close()
		aio.Go(ctx, func(context.Context) error {
			defer w.Close()
			_, err := io.WriteString(w, "hello")
			return err
		})
		got, err := io.ReadAll(r)
		fmt.Printf("%s\n", got)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: hello
}
