package aionet

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sendAllBursts sends until the file has ended or the socket takes nothing.
func sendAllBursts(t *testing.T, c *Conn, f *os.File) (sent int) {
	t.Helper()
	for {
		n, err := sendBursts(c.fd, int(f.Fd()), sendfilePiece, c.burstSize())
		sent += n
		if n == 0 && (err == nil || err == unix.EAGAIN) {
			return sent
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// What a full socket has not taken is in the file again, and in no pipe.
func TestBurstsToAFullSocket(t *testing.T) {
	content := noise(20 << 20)
	f := fileOf(t, content)
	c, peer := withPeer(t, "tcp")
	sent := sendAllBursts(t, c, f)
	if sent == 0 || sent >= len(content) {
		t.Fatalf("sent %d of %d bytes", sent, len(content))
	}
	if at, err := f.Seek(0, io.SeekCurrent); at != int64(sent) || err != nil {
		t.Errorf("the file is at %d after %d bytes, %v", at, sent, err)
	}
	if n := pipesInUse(); n != 0 {
		t.Errorf("%d pipes are in use", n)
	}
	c.Close()
	if got := <-readingAll(peer); !bytes.Equal(got, content[:sent]) {
		t.Errorf("%d bytes came of %d, or they were changed", len(got), sent)
	}
}

// A peer that took the last piece gets the next in bursts; what no burst serves,
// sendfile does.
func TestWhenThereAreBursts(t *testing.T) {
	run(t, func(context.Context) error {
		for name, test := range map[string]struct {
			network  string
			keepsUp  bool
			resident bool
			without  func(t *testing.T, send func())
			bursts   bool
		}{
			"keeps up":          {"tcp", true, true, nil, true},
			"behind":            {"tcp", false, true, nil, false},
			"on the disk":       {"tcp", true, false, nil, false},
			"unix":              {"unix", true, true, nil, false},
			"no descriptors":    {"tcp", true, true, withoutDescriptors, false},
			"no large pipes":    {"tcp", true, true, withoutLargePipes, false},
			"splice is refused": {"tcp", true, true, withoutSplice, false},
		} {
			t.Run(name, func(t *testing.T) {
				content := noise(64 << 10)
				f := fileOf(t, content)
				c, peer := withPeer(t, test.network)
				raw, err := f.SyscallConn()
				if err != nil {
					t.Fatal(err)
				}
				source := openSource(raw)
				source.keepsUp = test.keepsUp
				pipePairs.empty()
				var sent, kept int
				send := func() {
					sent, err = source.send(c, 10_000, test.resident)
					kept = len(pipePairs.idle)
				}
				if test.without == nil {
					send()
				} else {
					test.without(t, send)
				}
				if sent != 10_000 || err != nil {
					t.Errorf("sent %d, %v", sent, err)
				}
				if bursts := kept > 0 && !source.refused; bursts != test.bursts {
					t.Errorf("%d pipes are kept, refused: %v; want bursts: %v", kept, source.refused, test.bursts)
				}
				if at, _ := f.Seek(0, io.SeekCurrent); at != 10_000 || source.position != at {
					t.Errorf("the file is at %d, thought to be at %d", at, source.position)
				}
				c.Close()
				if got := <-readingAll(peer); !bytes.Equal(got, content[:10_000]) {
					t.Errorf("%d bytes came, or they were changed", len(got))
				}
			})
		}
		return nil
	})
}

// A piece ends with a burst, and one that the peer does not take whole is the last
// to go in bursts.
func TestSourceSeesWhoKeepsUp(t *testing.T) {
	run(t, func(context.Context) error {
		f := fileOf(t, noise(20<<20))
		c, _ := withPeer(t, "tcp")
		raw, err := f.SyscallConn()
		if err != nil {
			return err
		}
		// Room for a burst, whatever a segment is here.
		if err := unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 1<<20); err != nil {
			return err
		}
		source := openSource(raw)
		if n, err := source.send(c, 10_000, true); n != 10_000 || err != nil || !source.keepsUp {
			t.Errorf("sent %d, %v, keeps up: %v", n, err, source.keepsUp)
		}
		burst := c.burstSize()
		if n, err := source.send(c, burst+burst/2, true); n != burst || err != nil || !source.keepsUp {
			t.Errorf("sent %d in bursts of %d, %v, keeps up: %v", n, burst, err, source.keepsUp)
		}
		for range 100 {
			if _, err := source.send(c, sendfilePiece, true); err != nil {
				break
			}
		}
		if source.keepsUp {
			t.Error("a peer that reads nothing keeps up")
		}
		return nil
	})
}

func withoutDescriptors(t *testing.T, send func()) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Setrlimit(unix.RLIMIT_NOFILE, &limit) }()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	send()
}

func withoutLargePipes(t *testing.T, send func()) {
	var taken []pipePair
	defer func() {
		for _, pair := range taken {
			pipePairs.put(pair, true)
		}
	}()
	for {
		pair, err := pipePairs.take()
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, pair)
		if !pair.large {
			break
		}
	}
	send()
}

// withoutSplice sends on a thread in a sandbox that permits no splice, as seccomp(2)
// sets it up; the thread ends with its goroutine, which keeps it.
func withoutSplice(t *testing.T, send func()) {
	ended := make(chan error)
	go func() {
		runtime.LockOSThread()
		filter := []unix.SockFilter{
			{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS},
			{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: unix.SYS_SPLICE},
			{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
			{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		}
		program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
		err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		if err == nil {
			_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&program)))
			if errno != 0 {
				err = errno
			}
		}
		if err == nil {
			send()
		}
		ended <- err
	}()
	if err := <-ended; err != nil {
		t.Skipf("no sandbox of our own here: %v", err)
	}
}

func TestASegmentIsAskedFor(t *testing.T) {
	c, _ := withPeer(t, "tcp")
	segment, err := unix.GetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG)
	if err != nil {
		t.Fatal(err)
	}
	if n := c.burstSize(); n%segment != 0 || n < 128<<10 || n > 192<<10 {
		t.Errorf("a burst is %d bytes with segments of %d", n, segment)
	}
}

// Parts of files, of any size, to a peer that reads at any pace.
func TestCopiesOfPartsOfFiles(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	content := noise(12 << 20)
	f := fileOf(t, content)
	run(t, func(context.Context) error {
		for range 20 {
			start := random.IntN(len(content))
			limit := 1 + random.IntN(len(content))
			want := content[start:min(start+limit, len(content))]
			if _, err := f.Seek(int64(start), io.SeekStart); err != nil {
				return err
			}
			c, peer := withPeer(t, "tcp")
			got := make(chan []byte, 1)
			pace := rand.New(rand.NewPCG(seed, uint64(start)))
			go func() {
				var all []byte
				for {
					p := make([]byte, 1+pace.IntN(1<<(10+pace.IntN(11))))
					n, err := io.ReadFull(peer, p)
					all = append(all, p[:n]...)
					if err != nil {
						break
					}
				}
				peer.Close()
				got <- all
			}()
			n, err := io.Copy(c, io.LimitReader(f, int64(limit)))
			if n != int64(len(want)) || err != nil {
				t.Errorf("from %d, at most %d: copied %d, want %d, %v", start, limit, n, len(want), err)
			}
			if at, err := f.Seek(0, io.SeekCurrent); at != int64(start+len(want)) || err != nil {
				t.Errorf("from %d, at most %d: the file is at %d, %v", start, limit, at, err)
			}
			c.Close()
			if !bytes.Equal(<-got, want) {
				t.Errorf("from %d, at most %d: it came out changed", start, limit)
			}
		}
		return nil
	})
}
