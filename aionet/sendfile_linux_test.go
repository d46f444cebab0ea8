package aionet

import (
	"bytes"
	"context"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/internal/driver"
)

// counting is a file that counts what is read from it.
type counting struct {
	*os.File
	read int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.File.Read(p)
	c.read += n
	return n, err
}

func (c *counting) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, onlyReader{c}) }

// What a type adds to a file or a connection is not passed by.
func TestAnEmbeddedFileIsReadItself(t *testing.T) {
	c, peer := withPeer(t, "tcp")
	got := readingAll(peer)
	f := &counting{File: fileOf(t, noise(100_000))}
	if n, err := c.ReadFrom(f); n != 100_000 || err != nil || f.read != 100_000 {
		t.Errorf("copied %d, %v; the file has counted %d", n, err, f.read)
	}
	c.Close()
	<-got
}

// io.Copy hands over a wrapper of the file; sendfile serves all the same.
func TestSendfileServes(t *testing.T) {
	c, peer := withPeer(t, "tcp")
	got := readingAll(peer)
	f := fileOf(t, noise(100_000))
	n, handled, err := c.readFromSystem(f, 1000)
	if n != 1000 || !handled || err != nil {
		t.Errorf("%d, %v, %v", n, handled, err)
	}
	_, err = f.WriteTo(writerFunc(func(r io.Reader) (int64, error) {
		n, handled, err := c.readFromSystem(r, 1<<40)
		if n != 99_000 || !handled {
			t.Errorf("%d, %v, %v", n, handled, err)
		}
		return n, err
	}))
	if err != nil {
		t.Error(err)
	}
	c.Close()
	<-got
}

// writerFunc is called with what is copied to it.
type writerFunc func(r io.Reader) (int64, error)

func (writerFunc) Write(p []byte) (int, error) { return len(p), nil }

func (f writerFunc) ReadFrom(r io.Reader) (int64, error) { return f(r) }

// A task sends a file that is not in memory.
func TestCopyOfAColdFile(t *testing.T) {
	run(t, func(context.Context) error {
		content := noise(3<<20 + 11)
		f := fileOf(t, content)
		// What was written can be dropped once it is on the disk.
		if err := f.Sync(); err != nil {
			return err
		}
		if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
			return err
		}
		if driver.Resident(int(f.Fd()), 0) {
			t.Skip("this file system keeps what it was told to drop")
		}
		c, peer := withPeer(t, "tcp")
		got := readingAll(peer)
		n, err := io.Copy(c, f)
		c.Close()
		if n != int64(len(content)) || !bytes.Equal(<-got, content) {
			t.Errorf("copied %d of %d, or it came out changed", n, len(content))
		}
		return err
	})
}
