//go:build unix && !aix

package websocket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/goaio/aio"
)

// A message need not be read to its end: what comes next drops the rest.
func TestAbandonedReader(t *testing.T) {
	eachCompression(t, func(t *testing.T, ctx context.Context, o Options) {
		server, client := pair(t, ctx, subjects[2], o)
		long := strings.Repeat("0123456789", 20_000)
		for _, next := range []struct {
			name string
			read func() (string, error)
		}{
			{"NextReader", func() (string, error) { _, got, err := readPieces(ctx, client, 10); return got, err }},
			{"Read", func() (string, error) { _, got, err := client.Read(ctx); return string(got), err }},
		} {
			for _, taken := range []int{0, 1, 5000, len(long) - 1, len(long)} {
				writing := aio.Go(ctx, func(ctx context.Context) error {
					if err := writePieces(ctx, server, Text, long, 6000); err != nil {
						return err
					}
					return server.Write(ctx, Text, []byte("next"))
				})
				_, r, err := client.NextReader(ctx)
				if err != nil {
					t.Fatal(err)
				}
				got := make([]byte, taken)
				if _, err := io.ReadFull(r, got); string(got) != long[:taken] || err != nil {
					t.Fatalf("%d bytes: %v", taken, err)
				}
				if got, err := next.read(); got != "next" || err != nil {
					t.Fatalf("%s after %d bytes: %.20q, %v", next.name, taken, got, err)
				}
				if _, err := r.Read(got[:min(1, taken)]); err != ErrAbandoned {
					t.Errorf("%s after %d bytes: %v", next.name, taken, err)
				}
				if _, err := writing.Await(ctx); err != nil {
					t.Fatal(err)
				}
				if client.decoder != nil || client.reader != nil {
					t.Error("an idle connection has a decoder")
				}
			}
		}
		closing := aio.Go(ctx, func(ctx context.Context) error {
			if err := server.Write(ctx, Text, []byte(long)); err != nil {
				return err
			}
			return server.Close(4000, "")
		})
		if _, _, err := client.NextReader(ctx); err != nil {
			t.Error(err)
		}
		if err := client.Close(4000, ""); err != nil {
			t.Error(err)
		}
		if _, err := closing.Await(ctx); err != nil {
			t.Error(err)
		}
	})
}

// A cancel ends the reader of a message, wherever it falls, but not the connection.
func TestCancelledReader(t *testing.T) {
	message := join(frame(ws.OpText, false, "hel"), frame(ws.OpPing, true, "p"), frame(ws.OpContinuation, true, "lo"))
	inBoth(t, func(t *testing.T, ctx context.Context) {
		for cut := range len(message) {
			c, p := rawPair(t, Options{})
			_, _ = p.Write(message[:cut])
			read := ""
			err := aio.Timeout(ctx, 2*time.Millisecond, func(ctx context.Context) error {
				_, got, err := readPieces(ctx, c, 2)
				read = got
				return err
			})
			if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix("hello", read) {
				t.Fatalf("after %d bytes: %q, %v", cut, read, err)
			}
			_, _ = p.Write(join(message[cut:], text("next")))
			want := "next"
			if read == "" {
				want = "hello"
			}
			if _, got, err := c.Read(ctx); string(got) != want || err != nil {
				t.Fatalf("after %d bytes and %q: %q, %v", cut, read, got, err)
			}
			_ = p.Close()
			c.CloseNow()
		}
	})
}

// What a peer must not send, in pieces: what is good of it is read, and the rest is
// not waited for.
func TestReaderRefuses(t *testing.T) {
	small, _ := deflate([]byte(strings.Repeat("x", 1001)))
	for _, c := range []struct {
		name string
		send []byte
		read string
		code StatusCode
	}{
		{"no UTF-8", join(frame(ws.OpText, false, "a"), frame(ws.OpContinuation, false, "\xff")), "a", StatusInvalidPayloadData},
		{"half a character at the end", join(frame(ws.OpText, false, "a"), frame(ws.OpContinuation, true, "\xce")), "a\xce", StatusInvalidPayloadData},
		{"more than may be", join(frame(ws.OpBinary, false, strings.Repeat("x", 999)), frame(ws.OpContinuation, false, "xx")), strings.Repeat("x", 999), StatusMessageTooBig},
		{"more than may be, decompressed", appendFrame(nil, true, true, ws.OpBinary, true, small), "", StatusMessageTooBig},
		{"what does not decompress", appendFrame(nil, true, true, ws.OpBinary, false, []byte("\xff\xff\xff")), "", StatusInvalidPayloadData},
		{"another message", join(frame(ws.OpBinary, false, "a"), text("b")), "a", StatusProtocolError},
		{"close", join(frame(ws.OpBinary, false, "a"), closeFrame(4000, "")), "a", 4000},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, p := rawPair(t, Options{MaxMessage: 1000, Compression: true})
			_, _ = p.Write(c.send)
			// One read a piece: what is good comes before the rest is looked at.
			_, got, err := readPieces(background, conn, 1<<20)
			if got != c.read || CloseStatus(err) != c.code {
				t.Errorf("%.30q, %v", got, err)
			}
			if _, _, err := conn.NextReader(background); CloseStatus(err) != c.code {
				t.Error(err)
			}
			if got := p.all(); got != fmt.Sprintf("close %d\nend", c.code) {
				t.Error(got)
			}
		})
	}
}
