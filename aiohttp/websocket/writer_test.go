//go:build unix && !aix

package websocket

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/goaio/aio"
)

// What is on the wire.
func TestFragments(t *testing.T) {
	for _, c := range []struct {
		name  string
		write func(w *MessageWriter)
		want  string
	}{
		{"nothing", func(*MessageWriter) {}, `text ""`},
		{"a few bytes", func(w *MessageWriter) { io.WriteString(w, "hel"); io.WriteString(w, "lo") }, `text "hello"`},
		{"one fragment", func(w *MessageWriter) { io.WriteString(w, strings.Repeat("x", maxFragment)) }, "text of 16370"},
		{"two", func(w *MessageWriter) { io.WriteString(w, strings.Repeat("x", maxFragment+1)) }, "text begins of 16370\ncontinuation \"x\""},
		{"three", func(w *MessageWriter) { io.WriteString(w, strings.Repeat("x", 3*maxFragment)) },
			"text begins of 16370\ncontinuation begins of 16370\ncontinuation of 16370"},
		{"flushed", func(w *MessageWriter) {
			_ = w.Flush()
			io.WriteString(w, "a")
			_ = w.Flush()
			_ = w.Flush()
			io.WriteString(w, "b")
		}, "text begins \"a\"\ncontinuation \"b\""},
		{"flushed at the end", func(w *MessageWriter) {
			io.WriteString(w, "\xce")
			_ = w.Flush()
			io.WriteString(w, "\xba")
			_ = w.Flush()
		},
			"text begins \"\\xce\"\ncontinuation begins \"\\xba\"\ncontinuation \"\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, p := rawPair(t, Options{})
			w, err := conn.NextWriter(background, Text)
			if err != nil {
				t.Fatal(err)
			}
			c.write(w)
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			if _, err := w.Write(nil); err == nil {
				t.Error("a write after Close")
			}
			for _, want := range strings.Split(c.want, "\n") {
				if got := p.one(t); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
}

// A compressed message is known by its first frame, and what was flushed can be
// read without the rest.
func TestCompressedFragments(t *testing.T) {
	inBoth(t, func(t *testing.T, ctx context.Context) {
		o := Options{Compression: true, CompressionThreshold: 5}
		server, client := pair(t, ctx, subjects[2], o)
		w, err := server.NextWriter(ctx, Text)
		if err != nil {
			t.Fatal(err)
		}
		_, r, err := func() (MessageType, io.Reader, error) {
			_, _ = io.WriteString(w, "hello")
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			return client.NextReader(ctx)
		}()
		if err != nil {
			t.Fatal(err)
		}
		for _, piece := range []string{"hello", "hello again", "x"} {
			if piece != "hello" {
				_, _ = io.WriteString(w, piece)
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
			}
			got := make([]byte, len(piece))
			if _, err := io.ReadFull(r, got); string(got) != piece || err != nil {
				t.Fatalf("%q, %v", got, err)
			}
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Error(n, err)
		}
	})
	conn, p := rawPair(t, Options{Compression: true, CompressionThreshold: 5})
	w, _ := conn.NextWriter(background, Text)
	_, _ = io.WriteString(w, "hello")
	_ = w.Flush()
	_ = w.Close()
	for i, want := range []string{"compressed text begins", "continuation "} {
		if got := p.one(t); !strings.HasPrefix(got, want) {
			t.Errorf("frame %d: %s", i, got)
		}
	}
}

// begunText is a text of which "a" was sent.
func begunText(t *testing.T, ctx context.Context, c *Conn) *MessageWriter {
	t.Helper()
	w, err := c.NextWriter(ctx, Text)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(w, "a")
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return w
}

// Control frames go between the fragments, messages wait for the end: queued ones
// in the order of the calls, and another one in pieces too.
func TestOthersWaitForTheMessage(t *testing.T) {
	inBoth(t, func(t *testing.T, ctx context.Context) {
		c, p := rawPair(t, Options{})
		w := begunText(t, ctx, c)
		reading := aio.Go(ctx, func(ctx context.Context) error {
			_, _, err := c.Read(ctx)
			return err
		})
		_, _ = p.Write(frame(ws.OpPing, true, "p"))
		one := func() string { // beside the loop
			got, _ := aio.Blocking(ctx, func(context.Context) (string, error) { return p.one(t), nil })
			return got
		}
		for _, want := range []string{`text begins "a"`, `pong "p"`} {
			if got := one(); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		for _, message := range []string{"1", "2"} {
			if err := c.WriteNoWait(Text, []byte(message)); err != nil {
				t.Error(err)
			}
		}
		// Who waits can leave.
		for _, write := range []func(context.Context) error{
			func(ctx context.Context) error { return c.Write(ctx, Text, []byte("never")) },
			func(ctx context.Context) error { _, err := c.NextWriter(ctx, Text); return err },
		} {
			if err := aio.Timeout(ctx, time.Millisecond, write); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
		waiting := []*aio.Task[struct{}]{
			aio.Go(ctx, func(ctx context.Context) error { return c.Write(ctx, Text, []byte("3")) }),
			aio.Go(ctx, func(ctx context.Context) error { return writePieces(ctx, c, Text, "4", 1) }),
		}
		_, _ = io.WriteString(w, "b")
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		for _, task := range waiting {
			if _, err := task.Await(ctx); err != nil {
				t.Error(err)
			}
		}
		got := []string{}
		for range 5 {
			got = append(got, one())
		}
		if all := strings.Join(got[:3], ", "); all != `continuation "b", text "1", text "2"` {
			t.Error(all)
		}
		if !strings.Contains(strings.Join(got[3:], ", "), `text "4"`) {
			t.Error(got)
		}
		_ = p.Close()
		_, _ = reading.Await(ctx)
	})
}

// Who waits for a message in pieces hears of the connection's end.
func TestMessageCutOff(t *testing.T) {
	for _, end := range []struct {
		name string
		end  func(c *Conn, p rawPeer)
		code StatusCode
	}{
		{"Close", func(c *Conn, p rawPeer) { _, _ = p.Write(closeFrame(4000, "")); _ = c.Close(4000, "") }, 4000},
		{"CloseNow", func(c *Conn, p rawPeer) { c.CloseNow() }, StatusAbnormalClosure},
		{"the peer closes", func(c *Conn, p rawPeer) { _, _ = p.Write(closeFrame(4000, "")); _, _, _ = c.Read(background) }, 4000},
		{"the peer leaves", func(c *Conn, p rawPeer) { _ = p.Close(); _, _, _ = c.Read(background) }, StatusAbnormalClosure},
	} {
		t.Run(end.name, func(t *testing.T) {
			inBoth(t, func(t *testing.T, ctx context.Context) {
				c, p := rawPair(t, Options{})
				w := begunText(t, ctx, c)
				_ = c.WriteNoWait(Text, []byte("dropped"))
				waiting := aio.Go(ctx, func(ctx context.Context) error { return c.Write(ctx, Text, nil) })
				if _, err := aio.Go(ctx, func(context.Context) error { end.end(c, p); return nil }).Await(ctx); err != nil {
					t.Error(err)
				}
				if _, err := waiting.Await(ctx); CloseStatus(err) == 0 {
					t.Error(err)
				}
				if err := w.Close(); CloseStatus(err) != end.code {
					t.Error(err)
				}
				if c.out.size != 0 || c.writer != nil {
					t.Errorf("%d bytes are queued", c.out.size)
				}
			})
		})
	}
}

// A cancel drops a message of which nothing was sent, and closes the connection
// for one that has begun.
func TestCancelledWriter(t *testing.T) {
	eachCompression(t, func(t *testing.T, ctx context.Context, o Options) {
		c, p := rawPair(t, o)
		cancelled, cancel := context.WithCancel(ctx)
		w, err := c.NextWriter(cancelled, Text)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, "never")
		cancel()
		if _, err := w.Write(nil); !aio.IsCancelled(err) {
			t.Error(err)
		}
		if err := w.Close(); !aio.IsCancelled(err) {
			t.Error(err)
		}
		if err := c.Write(ctx, Binary, nil); err != nil {
			t.Error(err)
		}
		if got := p.one(t); got != `binary ""` {
			t.Error(got)
		}
		cancelled, cancel = context.WithCancel(ctx)
		w, err = c.NextWriter(cancelled, Text)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, "half")
		if err := w.Flush(); err != nil {
			t.Error(err)
		}
		cancel()
		if err := w.Close(); !aio.IsCancelled(err) {
			t.Error(err)
		}
		if err := c.Write(ctx, Text, nil); CloseStatus(err) != StatusAbnormalClosure {
			t.Error(err)
		}
	})
	// One that waits for a peer that does not read.
	inBoth(t, func(t *testing.T, ctx context.Context) {
		c, _ := rawPair(t, Options{})
		message := make([]byte, 64<<20)
		err := aio.Timeout(ctx, 20*time.Millisecond, func(ctx context.Context) error {
			w, err := c.NextWriter(context.WithoutCancel(ctx), Binary)
			if err != nil {
				return err
			}
			_, _ = w.Write(message[:1])
			if err := w.Flush(); err != nil {
				return err
			}
			w.ctx = ctx // the first fragment is sent in any case
			_, err = w.Write(message)
			return err
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if _, err := c.NextWriter(ctx, Text); CloseStatus(err) != StatusAbnormalClosure {
			t.Error(err)
		}
	})
}

func TestWriterRefusesBadText(t *testing.T) {
	c, p := rawPair(t, Options{})
	if _, err := c.NextWriter(background, 3); err == nil {
		t.Error("a message of type 3")
	}
	w, err := c.NextWriter(background, Text)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(w, "\xce")
	if n, err := io.WriteString(w, "a\xff"); n != 0 || err != errNotUTF8 {
		t.Error(n, err)
	}
	_, _ = io.WriteString(w, "\xba")
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	for _, flush := range []bool{false, true} {
		if w, err = c.NextWriter(background, Text); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, "b\xce")
		if flush {
			_ = w.Flush()
		}
		if err := w.Close(); err != errNotUTF8 {
			t.Error(err)
		}
	}
	if got, want := p.all(), "text \"κ\"\ntext begins \"b\\xce\"\nclose 1011\nend"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
