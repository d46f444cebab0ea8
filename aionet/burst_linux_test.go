package aionet

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// sendAllBursts sends until the file has ended or the socket takes nothing.
func sendAllBursts(t *testing.T, c *Conn, f *os.File) (sent int) {
	t.Helper()
	for {
		n, err := sendBursts(c.fd, int(f.Fd()), sendfilePiece, c.burst())
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

// With all large pipes taken, or none to be had, sendfile serves.
func TestBurstsWithoutAPipe(t *testing.T) {
	var taken []pipePair
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
	defer func() {
		for _, pair := range taken {
			pipePairs.put(pair, true)
		}
	}()
	content := noise(1 << 20)
	f := fileOf(t, content)
	c, peer := withPeer(t, "tcp")
	sent := sendAllBursts(t, c, f)
	c.Close()
	if got := <-readingAll(peer); sent == 0 || !bytes.Equal(got, content[:sent]) {
		t.Errorf("%d bytes came of %d, or they were changed", len(got), sent)
	}
}

func TestASegmentIsAskedFor(t *testing.T) {
	c, _ := withPeer(t, "tcp")
	segment, err := unix.GetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG)
	if err != nil {
		t.Fatal(err)
	}
	if n := c.burst(); n%segment != 0 || n < 128<<10 || n > 192<<10 {
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
