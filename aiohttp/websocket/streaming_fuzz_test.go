//go:build unix && !aix

package websocket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// FuzzStreaming gives the same bytes to a connection that is read in whole
// messages and to one that is read in pieces: they read the same and end alike.
// Some messages are left before their end.
func FuzzStreaming(f *testing.F) {
	for i, b := range behaviours {
		if len(b.send) < 1000 {
			f.Add(b.send, uint64(i), false)
		}
	}
	f.Add(appendFrame(nil, true, true, ws.OpText, true, []byte("\xcaH\xcd\xc9\xc9\x07\x00")), uint64(0), true)
	f.Add(join(appendFrame(nil, true, true, ws.OpText, false, []byte("\xcaH\xcd")), frame(ws.OpContinuation, true, "\xc9\xc9\x07\x00"), text("x")), uint64(0), true)
	f.Fuzz(func(t *testing.T, sent []byte, seed uint64, extended bool) {
		random := rand.New(rand.NewPCG(seed, 0))
		whole, end := readScript(sent, nil, extended, func(c *Conn) (string, error) {
			kind, data, err := c.Read(context.Background())
			return fmt.Sprintf("%v %s", kind, data), err
		})
		pieces, early := readScript(sent, random, extended, func(c *Conn) (string, error) {
			kind, r, err := c.NextReader(context.Background())
			if err != nil {
				return "", err
			}
			if random.IntN(8) == 0 {
				n := random.IntN(5)
				start, err := io.ReadAll(io.LimitReader(r, int64(n)))
				if len(start) == n {
					err = nil
				}
				return fmt.Sprintf("%v %s...", kind, start), err
			}
			var data strings.Builder
			_, err = io.CopyBuffer(struct{ io.Writer }{&data}, r, make([]byte, 1+random.IntN(10)))
			return fmt.Sprintf("%v %s", kind, &data), err
		})
		for i, got := range pieces {
			start, left := strings.CutSuffix(got, "...")
			switch {
			case i == len(whole) && left:
				return // the rest of it is bad, and only who reads all sees that
			case i == len(whole) || got != whole[i] && !(left && strings.HasPrefix(whole[i], start)):
				t.Fatalf("whole:\n%q\nin pieces, seed %d:\n%q", whole, seed, pieces)
			}
		}
		// Of a message that is cut off it may show before its end that it is no text,
		// or too big once it is decompressed.
		sooner := early == StatusInvalidPayloadData || extended && early == StatusMessageTooBig
		if len(pieces) != len(whole) || early != end && !sooner {
			t.Errorf("whole (%d):\n%q\nin pieces (%d), seed %d:\n%q", end, whole, early, seed, pieces)
		}
	})
}

// readScript reads what a peer sends, and says how the connection has ended.
func readScript(sent []byte, cuts *rand.Rand, extended bool, read func(*Conn) (string, error)) (messages []string, code StatusCode) {
	c := &Conn{way: &script{sent: sent, cuts: cuts}, maxQueued: 1 << 20}
	c.rules = rules{extended: extended, limit: 1000}
	defer c.CloseNow()
	for {
		message, err := read(c)
		if err != nil {
			return messages, CloseStatus(err)
		}
		messages = append(messages, message)
	}
}

// script is a connection with a peer that sends this and leaves.
type script struct {
	net.Conn
	sent []byte
	cuts *rand.Rand
}

func (s *script) ReadContext(_ context.Context, p []byte) (int, error) {
	if len(s.sent) == 0 {
		return 0, io.EOF
	}
	n := min(len(p), len(s.sent))
	if s.cuts != nil {
		n = min(n, 1+s.cuts.IntN(8))
	}
	copy(p, s.sent[:n])
	s.sent = s.sent[n:]
	return n, nil
}

var errScript = errors.New("nobody reads")

func (s *script) WriteContext(context.Context, []byte) (int, error) { return 0, errScript }
func (s *script) TryWrite(p []byte) (int, error)                    { return len(p), nil }
func (s *script) WaitReadable(context.Context) error                { return nil }
func (s *script) Close() error                                      { return nil }
func (s *script) netConn() net.Conn                                 { return s }
