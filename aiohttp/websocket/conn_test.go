//go:build unix && !aix

package websocket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/goaio/aio"
)

var background = context.Background()

// inBoth runs a test in a plain goroutine and in a task.
func inBoth(t *testing.T, fn func(t *testing.T, ctx context.Context)) {
	t.Run("goroutine", func(t *testing.T) { fn(t, background) })
	t.Run("task", func(t *testing.T) {
		err := aio.Run(background, func(ctx context.Context) error {
			fn(t, ctx)
			return nil
		}, aio.NoInterrupt())
		if err != nil {
			t.Error(err)
		}
	})
}

func dial(t testing.TB, ctx context.Context, address string, o *DialOptions) *Conn {
	t.Helper()
	c, err := Dial(ctx, "ws://"+address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseNow)
	return c
}

func TestEcho(t *testing.T) {
	for _, compression := range []bool{false, true} {
		t.Run(fmt.Sprintf("compression %v", compression), func(t *testing.T) {
			options := Options{Compression: compression, CompressionThreshold: 1, MaxMessage: 8 << 20}
			everywhere(t, &AcceptOptions{Options: options}, func(t *testing.T, address string) {
				inBoth(t, func(t *testing.T, ctx context.Context) {
					c := dial(t, ctx, address, &DialOptions{Options: options})
					if c.extended != compression {
						t.Errorf("extended: %v", c.extended)
					}
					for _, size := range []int{0, 1, 125, 126, 1000, 16383, 16384, 65535, 65536, 1 << 20, 5 << 20} {
						sent := bytes.Repeat([]byte("message "), size/8+1)[:size]
						writing := aio.Go(ctx, func(ctx context.Context) error { return c.Write(ctx, Binary, sent) })
						kind, got, err := c.Read(ctx)
						if err != nil || kind != Binary || !bytes.Equal(got, sent) {
							t.Fatalf("%d bytes: %v, %d bytes, %v", size, kind, len(got), err)
						}
						if _, err := writing.Await(ctx); err != nil {
							t.Fatal(err)
						}
					}
					if err := c.Close(StatusNormalClosure, "bye"); err != nil {
						t.Error(err)
					}
					_, _, err := c.Read(ctx)
					if CloseStatus(err) != StatusNormalClosure {
						t.Error(err)
					}
					if err := c.Write(ctx, Text, nil); CloseStatus(err) != StatusNormalClosure {
						t.Error(err)
					}
				})
			})
		})
	}
}

// A cancel takes nothing away, wherever it falls.
func TestCancelledRead(t *testing.T) {
	handled := make(chan *Conn)
	address := subjects[2].serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := Accept(w, r, nil); err == nil {
			handled <- c
		}
	}))
	inBoth(t, func(t *testing.T, ctx context.Context) {
		client := dialRaw(t, address)
		c := <-handled
		defer c.CloseNow()
		message := join(frame(ws.OpText, false, "hel"), frame(ws.OpPing, true, "p"), frame(ws.OpContinuation, true, "lo"))
		for i := range message {
			if _, err := client.Write(message[i : i+1]); err != nil {
				t.Fatal(err)
			}
			if i == len(message)-1 {
				break
			}
			err := aio.Timeout(ctx, time.Millisecond, func(ctx context.Context) error {
				_, _, err := c.Read(ctx)
				return err
			})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("after %d bytes: %v", i+1, err)
			}
		}
		kind, got, err := c.Read(ctx)
		if kind != Text || string(got) != "hello" || err != nil {
			t.Errorf("%v %q, %v", kind, got, err)
		}
		if c.decoder != nil {
			t.Error("an idle connection has a decoder")
		}
	})
}

// Messages of many writers come whole, with pings between.
func TestConcurrentWriters(t *testing.T) {
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) {
			const writers, each = 8, 50
			address := s.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, err := Accept(w, r, nil)
				if err != nil {
					return
				}
				err = aio.Group(r.Context(), func(ctx context.Context) error {
					for i := range writers {
						aio.Go(ctx, func(ctx context.Context) error {
							message := bytes.Repeat([]byte{byte('a' + i)}, 5000*i+1)
							for n := range each {
								if n%2 == 0 {
									if err := c.Write(ctx, Binary, message); err != nil {
										return err
									}
								} else if err := c.WriteNoWait(Binary, message[:min(100, len(message))]); err != nil {
									return err
								}
							}
							return nil
						})
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				if err := c.Close(StatusNormalClosure, ""); err != nil {
					t.Error(err)
				}
			}))
			c := dial(t, background, address, nil)
			count := 0
			for message, err := range c.Messages(background) {
				if err != nil {
					t.Fatal(err)
				}
				if first := message.Data[0]; bytes.Count(message.Data, []byte{first}) != len(message.Data) {
					t.Fatal("two messages are mixed")
				}
				count++
			}
			if count != writers*each {
				t.Errorf("%d messages", count)
			}
		})
	}
}

// A peer that does not read holds nobody up, and is dropped when too much waits.
func TestSlowPeer(t *testing.T) {
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) {
			result := make(chan error, 1)
			address := s.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, err := Accept(w, r, &AcceptOptions{Options: Options{MaxQueued: 100_000}})
				if err != nil {
					return
				}
				for range 10_000 {
					if err = c.WriteNoWait(Binary, make([]byte, 10_000)); err != nil {
						break
					}
				}
				_, _, ended := c.Read(r.Context())
				result <- errors.Join(err, ended)
			}))
			client := dialRaw(t, address)
			defer client.Close()
			if err := <-result; !errors.Is(err, ErrTooSlow) || CloseStatus(err) != StatusAbnormalClosure {
				t.Error(err)
			}
		})
	}
}

// A program that sends much in one round has no slow peer.
func TestMuchInOneRound(t *testing.T) {
	for _, s := range subjects[1:] {
		t.Run(s.name, func(t *testing.T) {
			const messages = 100
			address := s.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, err := Accept(w, r, &AcceptOptions{Options: Options{MaxQueued: 50_000}})
				if err != nil {
					return
				}
				for range messages {
					if err := c.WriteNoWait(Binary, make([]byte, 2000)); err != nil {
						t.Error(err)
						break
					}
				}
				if err := c.Close(StatusNormalClosure, ""); err != nil {
					t.Error(err)
				}
			}))
			c, count := dial(t, background, address, nil), 0
			for _, err := range c.Messages(background) {
				if err != nil {
					t.Fatal(err)
				}
				count++
			}
			if count != messages {
				t.Errorf("%d messages", count)
			}
		})
	}
}

// A broadcast reaches everybody, in order, whoever compresses and whoever does not.
func TestBroadcast(t *testing.T) {
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) {
			var mu sync.Mutex
			room := map[*Conn]struct{}{}
			address := s.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, err := Accept(w, r, &AcceptOptions{Options: Options{Compression: true, CompressionThreshold: 1}})
				if err != nil {
					return
				}
				mu.Lock()
				room[c] = struct{}{}
				if len(room) == 4 {
					for i := range 100 {
						_ = Broadcast(func(yield func(*Conn) bool) {
							for c := range room {
								yield(c)
							}
						}, Text, []byte(strings.Repeat("hello ", 20)+fmt.Sprint(i)))
					}
				}
				mu.Unlock()
				_, _, _ = c.Read(r.Context())
			}))
			clients := []*Conn{}
			for i := range 4 {
				clients = append(clients, dial(t, background, address, &DialOptions{Options: Options{Compression: i%2 == 0}}))
			}
			for i, c := range clients {
				for n := range 100 {
					_, got, err := c.Read(background)
					if err != nil || string(got) != strings.Repeat("hello ", 20)+fmt.Sprint(n) {
						t.Fatalf("client %d: %q, %v", i, got, err)
					}
				}
				if err := c.Close(StatusNormalClosure, ""); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestPing(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, address string) {
		inBoth(t, func(t *testing.T, ctx context.Context) {
			c := dial(t, ctx, address, nil)
			reading := aio.Go(ctx, func(ctx context.Context) error {
				_, _, err := c.Read(ctx)
				return err
			})
			for range 3 {
				if err := c.Ping(ctx); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Close(StatusGoingAway, ""); err != nil {
				t.Error(err)
			}
			if _, err := reading.Await(ctx); CloseStatus(err) != StatusGoingAway {
				t.Error(err)
			}
			if err := c.Ping(ctx); CloseStatus(err) != StatusGoingAway {
				t.Error(err)
			}
		})
	})
}

// A silent peer is dropped, one that answers is not.
func TestHeartbeat(t *testing.T) {
	ends := make(chan error, 2)
	address := subjects[2].serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, &AcceptOptions{Options: Options{Heartbeat: 10 * time.Millisecond}})
		if err == nil {
			_, _, err = c.Read(r.Context())
			ends <- err
		}
	}))
	silent := dialRaw(t, address)
	defer silent.Close()
	if err := <-ends; !errors.Is(err, errNoPong) {
		t.Error(err)
	}
	answers := dialRaw(t, address)
	for range 5 {
		if f, err := readFrame(answers.reader); err != nil || f.Header.OpCode != ws.OpPing {
			t.Fatal(describe(f), err)
		}
		_, _ = answers.Write(frame(ws.OpPong, true, "xxxxxxxx"))
	}
	_, _ = answers.Write(closeFrame(1000, ""))
	if err := <-ends; CloseStatus(err) != StatusNormalClosure {
		t.Error(err)
	}
}

// Who closes waits for the peer, but not for ever, and drops what comes meanwhile.
func TestCloseHandshake(t *testing.T) {
	closed := make(chan error)
	address := subjects[1].serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := Accept(w, r, nil); err == nil {
			closed <- c.Close(4001, "enough")
		}
	}))
	p := dialRaw(t, address)
	if f, err := readFrame(p.reader); err != nil || describe(f) != "close 4001" {
		t.Fatal(describe(f), err)
	}
	_, _ = p.Write(join(text("still here"), frame(ws.OpPing, true, ""), closeFrame(4001, "")))
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if got := p.all(); got != "end" {
		t.Error(got)
	}
	p = dialRaw(t, address)
	_ = p.Close()
	if err := <-closed; CloseStatus(err) != StatusAbnormalClosure {
		t.Error(err)
	}
	for _, bad := range []StatusCode{0, 999, StatusAbnormalClosure, 1015, 5000} {
		if err := (&Conn{}).Close(bad, ""); err == nil {
			t.Errorf("code %d is sent", bad)
		}
	}
}

// The context of a handler whose client has left is not what ends it: what the
// client has sent before is read first.
func TestClientThatSendsAndLeaves(t *testing.T) {
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) {
			const messages = 100 // more than one buffer has
			count, ended := 0, make(chan error, 1)
			address := s.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, err := Accept(w, r, nil)
				if err != nil {
					return
				}
				defer c.CloseNow()
				_ = aio.Sleep(r.Context(), 20*time.Millisecond) // the client has left by then
				for {
					if _, _, err = c.Read(r.Context()); err != nil {
						break
					}
					count++
				}
				ended <- err
			}))
			p := dialRaw(t, address)
			_, _ = p.Write(bytes.Repeat(text(strings.Repeat("x", 1000)), messages))
			_ = p.Close()
			if err := <-ended; !errors.Is(err, io.ErrUnexpectedEOF) || count != messages {
				t.Errorf("%d messages, %v", count, err)
			}
		})
	}
}

func TestWriteErrors(t *testing.T) {
	address := subjects[1].serve(t, forms[0].echo(t, nil))
	c := dial(t, background, address, nil)
	for _, err := range []error{
		c.Write(background, Text, []byte("\xff")), c.WriteNoWait(Text, []byte("\xff")), c.Write(background, 7, nil),
		Broadcast(slices.Values([]*Conn{c}), Text, []byte("\xff")),
	} {
		if err == nil || CloseStatus(err) != 0 {
			t.Error(err)
		}
	}
	c.CloseNow()
	if err := c.Write(background, Text, nil); CloseStatus(err) != StatusAbnormalClosure {
		t.Error(err)
	}
	if _, _, err := c.Read(background); CloseStatus(err) != StatusAbnormalClosure {
		t.Error(err)
	}
	if err := c.Close(StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
}

// A write that is cancelled half-way ends the connection, for the peer would take
// the next message for its rest.
func TestCancelledWrite(t *testing.T) {
	results := make(chan error)
	address := subjects[2].serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, nil)
		if err != nil {
			return
		}
		err = aio.Timeout(r.Context(), 20*time.Millisecond, func(ctx context.Context) error {
			return c.Write(ctx, Binary, make([]byte, 64<<20))
		})
		results <- err
		results <- c.Write(r.Context(), Binary, nil)
	}))
	p := dialRaw(t, address)
	if err := <-results; !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if err := <-results; CloseStatus(err) != StatusAbnormalClosure {
		t.Error(err)
	}
	_, _ = io.Copy(io.Discard, p)
}

var _ net.Conn = rawPeer{}
