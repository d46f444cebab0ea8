//go:build unix && !aix

package aionet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/goaio/aio"
)

// withPeer connects to a peer of package net. Both are closed at the test's end.
func withPeer(t *testing.T, network string) (*Conn, net.Conn) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "socket")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := Dial(context.Background(), network, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { peer.Close() })
	return c, peer
}

// noise is bytes of which no two stretches are equal.
func noise(n int) []byte {
	p := make([]byte, n)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(p)
	return p
}

// readingAll collects what a peer gets until the end of the stream.
func readingAll(r io.Reader) <-chan []byte {
	got := make(chan []byte, 1)
	go func() {
		p, _ := io.ReadAll(r)
		got <- p
	}()
	return got
}

func fileOf(t *testing.T, content []byte) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

var oddSizes = []int{0, 1, 4095, 65537, copyPiece, 3*copyPiece + 7}

// inTaskAndGoroutine runs fn as both.
func inTaskAndGoroutine(t *testing.T, fn func(t *testing.T)) {
	t.Run("task", func(t *testing.T) { run(t, func(context.Context) error { fn(t); return nil }) })
	t.Run("goroutine", fn)
}

func TestCopyOfAFile(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		for _, network := range []string{"tcp", "unix"} {
			for _, size := range oddSizes {
				content := noise(size)
				f := fileOf(t, content)
				c, peer := withPeer(t, network)
				got := readingAll(peer)
				n, err := io.Copy(c, f)
				if n != int64(size) || err != nil {
					t.Errorf("copied %d of %d bytes, %v", n, size, err)
				}
				c.Close()
				if !bytes.Equal(<-got, content) {
					t.Errorf("%s, %d bytes came out changed", network, size)
				}
			}
		}
	})
}

func TestCopyOfAPartOfAFile(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		content := noise(100_000)
		f := fileOf(t, content)
		c, peer := withPeer(t, "tcp")
		got := readingAll(peer)
		if _, err := f.Seek(10, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		limited := &io.LimitedReader{R: f, N: 70_000}
		n, err := c.ReadFrom(limited)
		if n != 70_000 || limited.N != 0 || err != nil {
			t.Errorf("copied %d bytes, %d left, %v", n, limited.N, err)
		}
		if at, _ := f.Seek(0, io.SeekCurrent); at != 70_010 {
			t.Errorf("the file is at %d", at)
		}
		limited.N = 1 << 40
		if n, err := c.ReadFrom(limited); n != 29_990 || limited.N != 1<<40-29_990 || err != nil {
			t.Errorf("the rest was %d bytes, %d left, %v", n, limited.N, err)
		}
		c.Close()
		if !bytes.Equal(<-got, content[10:]) {
			t.Error("it came out changed")
		}
	})
}

// A file that claims to be empty and is not.
func TestCopyOfAProcFile(t *testing.T) {
	f, err := os.Open("/proc/self/stat")
	if err != nil {
		t.Skip("no /proc on this system")
	}
	defer f.Close()
	c, peer := withPeer(t, "tcp")
	got := readingAll(peer)
	n, err := io.Copy(c, f)
	c.Close()
	if content := <-got; n == 0 || err != nil || int64(len(content)) != n {
		t.Errorf("copied %d, %v, and %d came", n, err, len(content))
	}
}

// What a cancel interrupts goes on where it stood.
func TestCopyCancelledAndResumed(t *testing.T) {
	content := noise(20 << 20)
	for name, source := range sources(content) {
		t.Run(name, func(t *testing.T) {
			run(t, func(ctx context.Context) error {
				c, peer := withPeer(t, "tcp")
				r := source(t)
				var total int64
				for range 3 {
					err := aio.Timeout(ctx, 20*time.Millisecond, func(ctx context.Context) error {
						n, err := io.Copy(c, r)
						total += n
						return err
					})
					var timeout *aio.TimeoutError
					if !errors.As(err, &timeout) {
						t.Errorf("the copy to a peer that does not read ended with %v", err)
					}
				}
				got := readingAll(peer)
				n, err := io.Copy(c, r)
				if total+n != int64(len(content)) || err != nil {
					t.Errorf("copied %d and %d of %d bytes, %v", total, n, len(content), err)
				}
				c.Close()
				if !bytes.Equal(<-got, content) {
					t.Error("it came out changed")
				}
				return nil
			})
		})
	}
}

// sources have the same content each.
func sources(content []byte) map[string]func(t *testing.T) io.Reader {
	return map[string]func(t *testing.T) io.Reader{
		"file": func(t *testing.T) io.Reader { return fileOf(t, content) },
		"tcp": func(t *testing.T) io.Reader {
			c, peer := withPeer(t, "tcp")
			go func() { _, _ = peer.Write(content); peer.Close() }()
			return c
		},
		"unix": func(t *testing.T) io.Reader {
			c, peer := withPeer(t, "unix")
			go func() { _, _ = peer.Write(content); peer.Close() }()
			return c
		},
	}
}

func TestCopyDeadline(t *testing.T) {
	content := noise(20 << 20)
	for name, source := range sources(content) {
		t.Run(name, func(t *testing.T) {
			inTaskAndGoroutine(t, func(t *testing.T) {
				c, peer := withPeer(t, "tcp")
				r := source(t)
				_ = c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
				n, err := io.Copy(c, r)
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("ended with %v", err)
				}
				if n, err := io.Copy(c, r); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("after the deadline: %d, %v", n, err)
				}
				_ = c.SetWriteDeadline(time.Time{})
				got := readingAll(peer)
				m, err := io.Copy(c, r)
				c.Close()
				if n+m != int64(len(content)) || err != nil || !bytes.Equal(<-got, content) {
					t.Errorf("copied %d and %d, %v, or it came out changed", n, m, err)
				}
			})
		})
	}
}

// A copy between connections loses nothing when the receiver dies: what it has
// not taken can still be read.
func TestCopyToAPeerThatCloses(t *testing.T) {
	content := noise(8 << 20)
	for name, source := range sources(content) {
		t.Run(name, func(t *testing.T) {
			inTaskAndGoroutine(t, func(t *testing.T) {
				c, peer := withPeer(t, "tcp")
				r := source(t)
				go func() {
					_, _ = io.CopyN(io.Discard, peer, 1<<20)
					peer.Close()
				}()
				n, err := io.Copy(c, r)
				if err == nil {
					t.Error("no error")
				}
				rest, err := io.ReadAll(r)
				if err != nil || !bytes.Equal(rest, content[n:]) {
					t.Errorf("copied %d of %d, and then %d could be read, %v", n, len(content), len(rest), err)
				}
			})
		})
	}
}

func TestProxyBothWays(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			inTaskAndGoroutine(t, func(t *testing.T) {
				ctx := callersContext()
				front, client := withPeer(t, network)
				back, server := withPeer(t, "tcp")
				go func() { _, _ = io.Copy(server, server); server.Close() }()
				forth := aio.Go(ctx, func(context.Context) error {
					_, err := io.Copy(back, front)
					_ = back.CloseWrite()
					return err
				})
				backward := aio.Go(ctx, func(context.Context) error {
					_, err := io.Copy(front, back)
					front.Close()
					return err
				})
				content := noise(5<<20 + 3)
				got := readingAll(client)
				go func() {
					_, _ = client.Write(content)
					_ = client.(interface{ CloseWrite() error }).CloseWrite()
				}()
				for _, task := range []*aio.Task[struct{}]{forth, backward} {
					if _, err := task.Await(ctx); err != nil {
						t.Error(err)
					}
				}
				if !bytes.Equal(<-got, content) {
					t.Error("it came out changed")
				}
			})
		})
	}
}

// Connections of package net are spliced in plain goroutines.
func TestCopyFromAndToConnectionsOfOthers(t *testing.T) {
	for name, copyAll := range map[string]func(t *testing.T, content []byte) (n int64, got []byte, err error){
		"net to net, to ours": func(t *testing.T, content []byte) (int64, []byte, error) {
			c, peer := withPeer(t, "tcp")
			d, far := withPeer(t, "unix")
			go func() { _, _ = d.Write(content); d.Close() }()
			got := readingAll(c)
			n, err := io.Copy(peer, far)
			peer.Close()
			return n, <-got, err
		},
		"ours to net": func(t *testing.T, content []byte) (int64, []byte, error) {
			c, peer := withPeer(t, "tcp")
			d, far := withPeer(t, "unix")
			go func() { _, _ = far.Write(content); far.Close() }()
			got := readingAll(c)
			n, err := io.Copy(peer, d)
			peer.Close()
			return n, <-got, err
		},
		"net to ours": func(t *testing.T, content []byte) (int64, []byte, error) {
			c, peer := withPeer(t, "tcp")
			d, far := withPeer(t, "tcp")
			go func() { _, _ = d.Write(content); d.Close() }()
			got := readingAll(peer)
			n, err := io.Copy(c, far)
			c.Close()
			return n, <-got, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range oddSizes {
				content := noise(size)
				n, got, err := copyAll(t, content)
				if n != int64(size) || err != nil || !bytes.Equal(got, content) {
					t.Errorf("%d of %d, %v, or it came out changed", n, size, err)
				}
			}
		})
	}
}

func TestCopyThroughABuffer(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		content := noise(100_001)
		c, peer := withPeer(t, "tcp")
		got := readingAll(peer)
		if n, err := io.Copy(c, onlyReader{bytes.NewReader(content)}); n != int64(len(content)) || err != nil {
			t.Errorf("from a reader: %d, %v", n, err)
		}
		_ = c.CloseWrite()
		if !bytes.Equal(<-got, content) {
			t.Error("what was sent came out changed")
		}
		go func() { _, _ = peer.Write(content); peer.Close() }()
		// A writer that fails in the middle, and one that takes the rest.
		broken := &failing{after: 30_000}
		n, err := io.Copy(broken, c)
		if n != 30_000 || err != errFailing {
			t.Errorf("to a writer that fails: %d, %v", n, err)
		}
		if err := c.WaitReadable(context.Background()); err != nil {
			t.Error(err)
		}
		var rest bytes.Buffer
		if n, err := io.Copy(&rest, c); n != 70_001 || err != nil || !bytes.Equal(rest.Bytes(), content[30_000:]) {
			t.Errorf("the rest: %d, %v", n, err)
		}
	})
}

var errFailing = errors.New("the writer fails")

type failing struct{ after int }

func (f *failing) Write(p []byte) (int, error) {
	n := min(len(p), f.after)
	f.after -= n
	if n < len(p) {
		return n, errFailing
	}
	return n, nil
}

// Others run while a task copies from and to peers that never let it wait.
func TestCopyLetsOthersRun(t *testing.T) {
	content := noise(16 << 20)
	for name, source := range sources(content) {
		t.Run(name, func(t *testing.T) {
			run(t, func(ctx context.Context) error {
				c, peer := withPeer(t, "tcp")
				r := source(t)
				got := readingAll(peer)
				rounds, done := 0, false
				other := aio.Go(ctx, func(ctx context.Context) error {
					for !done {
						rounds++
						if err := aio.Yield(ctx); err != nil {
							return err
						}
					}
					return nil
				})
				_, err := io.Copy(c, r)
				done = true
				c.Close()
				if len(<-got) != len(content) || rounds < len(content)/(2*copyPiece) { // sendfile's pieces are the largest
					t.Errorf("others had %d rounds", rounds)
				}
				_, _ = other.Await(ctx)
				return err
			})
		})
	}
}

func TestCopyToAClosedConnection(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		c, _ := withPeer(t, "tcp")
		d, _ := withPeer(t, "tcp")
		c.Close()
		for _, r := range []io.Reader{fileOf(t, []byte("x")), onlyReader{bytes.NewReader([]byte("x"))}} {
			if n, err := io.Copy(c, r); n != 0 || !errors.Is(err, net.ErrClosed) {
				t.Errorf("to it: %d, %v", n, err)
			}
		}
		if n, err := io.Copy(d, c); n != 0 || !errors.Is(err, net.ErrClosed) {
			t.Errorf("from it: %d, %v", n, err)
		}
		if n, err := io.Copy(d, io.LimitReader(c, 0)); n != 0 || err != nil {
			t.Errorf("nothing from it: %d, %v", n, err)
		}
	})
}

func ExampleConn_ReadFrom() {
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		l, err := Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		serving := aio.Go(ctx, func(ctx context.Context) error {
			c, err := l.AcceptConn(ctx)
			if err != nil {
				return err
			}
			defer c.Close()
			f, err := os.Open("testdata/hello.txt")
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = io.Copy(c, f) // sendfile, on Linux
			return err
		})
		c, err := Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := io.Copy(os.Stdout, c); err != nil {
			return err
		}
		_, err = serving.Await(ctx)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: hello from a file
}
