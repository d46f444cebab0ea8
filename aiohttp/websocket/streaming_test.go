//go:build unix && !aix

package websocket

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/goaio/aio"
)

// writePieces writes a message in pieces, some of them sent at once.
func writePieces(ctx context.Context, c *Conn, kind MessageType, data string, size int) error {
	w, err := c.NextWriter(ctx, kind)
	if err != nil {
		return err
	}
	for i := 0; len(data) > 0; i++ {
		n, err := io.WriteString(w, data[:min(size, len(data))])
		if err != nil {
			return err
		}
		data = data[n:]
		if i%3 == 2 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
	return w.Close()
}

// readPieces reads a message in pieces.
func readPieces(ctx context.Context, c *Conn, size int) (MessageType, string, error) {
	kind, r, err := c.NextReader(ctx)
	if err != nil {
		return 0, "", err
	}
	var all strings.Builder
	_, err = io.CopyBuffer(struct{ io.Writer }{&all}, r, make([]byte, size))
	if _, again := r.Read(make([]byte, 1)); err == nil && again != io.EOF {
		err = fmt.Errorf("behind the end: %w", again)
	}
	return kind, all.String(), err
}

// pair returns both ends of a connection.
func pair(t testing.TB, ctx context.Context, s subject, o Options) (server, client *Conn) {
	t.Helper()
	accepted := make(chan *Conn, 1)
	address := s.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, &AcceptOptions{Options: o})
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}))
	client = dial(t, ctx, address, &DialOptions{Options: o})
	server = <-accepted
	t.Cleanup(server.CloseNow)
	return server, client
}

// rawPair returns a server's connection and a raw peer.
func rawPair(t *testing.T, o Options) (*Conn, rawPeer) {
	t.Helper()
	accepted := make(chan *Conn, 1)
	address := subjects[2].serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, &AcceptOptions{Options: o})
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}))
	fields := []string{}
	if o.Compression {
		fields = append(fields, "Sec-WebSocket-Extensions: permessage-deflate")
	}
	p := dialRaw(t, address, fields...)
	c := <-accepted
	t.Cleanup(c.CloseNow)
	return c, p
}

// eachCompression runs a test with and without compression, in both places.
func eachCompression(t *testing.T, fn func(t *testing.T, ctx context.Context, o Options)) {
	for _, compression := range []bool{false, true} {
		t.Run(fmt.Sprintf("compression %v", compression), func(t *testing.T) {
			inBoth(t, func(t *testing.T, ctx context.Context) {
				fn(t, ctx, Options{Compression: compression, CompressionThreshold: 1, MaxMessage: -1})
			})
		})
	}
}

// Messages of any size, in pieces of any size, arrive as they were sent.
func TestStreaming(t *testing.T) {
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) {
			eachCompression(t, func(t *testing.T, ctx context.Context, o Options) {
				c := dial(t, ctx, s.serve(t, copied.echo(t, &AcceptOptions{Options: o})), &DialOptions{Options: o})
				for i, size := range []int{0, 1, 125, 126, maxFragment - 1, maxFragment, maxFragment + 1, 65536, 3 << 20} {
					sent := strings.Repeat("message κ", size/8+1)[:size]
					writing := aio.Go(ctx, func(ctx context.Context) error {
						return writePieces(ctx, c, Binary, sent, 1+size/(2+i))
					})
					kind, got, err := readPieces(ctx, c, 1+size/(10-i))
					if kind != Binary || got != sent || err != nil {
						t.Fatalf("%d bytes: %v, %d bytes, %v", size, kind, len(got), err)
					}
					if _, err := writing.Await(ctx); err != nil {
						t.Fatal(err)
					}
				}
				if err := c.Close(StatusNormalClosure, ""); err != nil {
					t.Error(err)
				}
				if _, _, err := c.NextReader(ctx); CloseStatus(err) != StatusNormalClosure {
					t.Error(err)
				}
				if _, err := c.NextWriter(ctx, Text); CloseStatus(err) != StatusNormalClosure {
					t.Error(err)
				}
			})
		})
	}
}

// What does not compress takes no shorter way.
func TestStreamingNoise(t *testing.T) {
	eachCompression(t, func(t *testing.T, ctx context.Context, o Options) {
		c := dial(t, ctx, subjects[1].serve(t, copied.echo(t, &AcceptOptions{Options: o})), &DialOptions{Options: o})
		noise := make([]byte, 200_001)
		random := rand.NewChaCha8([32]byte{1})
		_, _ = random.Read(noise)
		writing := aio.Go(ctx, func(ctx context.Context) error { return writePieces(ctx, c, Binary, string(noise), 777) })
		if _, got, err := readPieces(ctx, c, 555); got != string(noise) || err != nil {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if _, err := writing.Await(ctx); err != nil {
			t.Error(err)
		}
	})
}

// A long message goes through both ends in little memory.
func TestStreamingMemory(t *testing.T) {
	eachCompression(t, func(t *testing.T, ctx context.Context, o Options) {
		c := dial(t, ctx, subjects[1].serve(t, copied.echo(t, &AcceptOptions{Options: o})), &DialOptions{Options: o})
		const size = 16 << 20
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		writing := aio.Go(ctx, func(ctx context.Context) error {
			w, err := c.NextWriter(ctx, Binary)
			if err != nil {
				return err
			}
			piece := bytes.Repeat([]byte("0123456789abcdef"), 4096)
			for n := 0; n < size; n += len(piece) {
				if _, err := w.Write(piece); err != nil {
					return err
				}
			}
			return w.Close()
		})
		_, r, err := c.NextReader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r); n != size || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
		if _, err := writing.Await(ctx); err != nil {
			t.Error(err)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > size/4 {
			t.Errorf("%d bytes were allocated", used)
		}
	})
}

// In the event form messages are written in pieces, but not read so.
func TestStreamingOfEvents(t *testing.T) {
	r := &recorder{ends: make(chan *CloseError, 1), message: func(ctx context.Context, c *Conn, data []byte) error {
		if _, _, err := c.NextReader(ctx); err != errEvents {
			t.Error(err)
		}
		return writePieces(ctx, c, Text, string(data), 5000)
	}}
	address := subjects[2].serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		c, err := Accept(w, request, nil)
		if err != nil {
			return
		}
		// A message that has begun to be read is dropped.
		if _, _, err := c.NextReader(request.Context()); err != nil {
			t.Error(err)
		}
		if err := c.Handle(r); err != nil {
			t.Error(err)
		}
	}))
	p := dialRaw(t, address)
	_, _ = p.Write(join(frame(ws.OpText, false, strings.Repeat("x", 20_000)), frame(ws.OpContinuation, true, "x"), text(strings.Repeat("y", 15_001))))
	got := []string{p.one(t), p.one(t)}
	if all := strings.Join(got, ", "); all != "text begins of 15000, continuation \"y\"" {
		t.Error(all)
	}
	_ = p.Close()
	<-r.ends
}
