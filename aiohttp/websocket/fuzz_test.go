//go:build unix && !aix

package websocket

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// FuzzDecoder gives the same bytes to two decoders, all at once and in pieces:
// they find the same, and keep no more memory than came.
func FuzzDecoder(f *testing.F) {
	for i, b := range behaviours {
		if len(b.send) < 1000 {
			f.Add(b.send, uint64(i), false, i%2 == 0)
		}
	}
	f.Add(appendFrame(nil, true, true, ws.OpText, true, []byte("\xcaH\xcd\xc9\xc9\x07\x00")), uint64(0), false, true)
	f.Add(appendFrame(nil, false, false, ws.OpText, true, []byte("hello")), uint64(0), true, false)
	f.Fuzz(func(t *testing.T, sent []byte, seed uint64, client, extended bool) {
		r := rules{client: client, extended: extended, limit: 1000}
		whole := decode(t, r, sent, nil)
		pieces := decode(t, r, sent, rand.New(rand.NewPCG(seed, 0)))
		if whole != pieces {
			t.Errorf("at once:\n%s\nin pieces (seed %d):\n%s", whole, seed, pieces)
		}
	})
}

// decode returns what a decoder finds, a line each.
func decode(t *testing.T, r rules, sent []byte, cuts *rand.Rand) string {
	d := newDecoder(r)
	defer d.release()
	var found strings.Builder
	for {
		step, code, payload, bad := d.next()
		switch step {
		case stepMessage:
			if int64(len(payload)) > r.limit {
				t.Errorf("a message of %d bytes", len(payload))
			}
			fmt.Fprintf(&found, "message %d %q\n", code, payload)
		case stepControl:
			fmt.Fprintf(&found, "control %d %q\n", code, payload)
			if code == ws.OpClose {
				end, bad := parseClose(payload)
				fmt.Fprintf(&found, "close %v %v\n", end, bad)
			}
		case stepBad:
			fmt.Fprintf(&found, "bad %d %s\n", bad.code, bad.text)
			return found.String()
		case stepMore:
			if len(sent) == 0 {
				fmt.Fprintf(&found, "end, empty: %v\n", d.empty())
				return found.String()
			}
			space := d.space()
			if len(space) == 0 || cap(d.message) > 4*int(r.limit) {
				t.Fatalf("space %d, message %d", len(space), cap(d.message))
			}
			n := min(len(space), len(sent))
			if cuts != nil {
				n = min(n, 1+cuts.IntN(8))
			}
			copy(space, sent[:n])
			d.took(n)
			sent = sent[n:]
		}
	}
}

// FuzzFrame encodes a message and decodes it again.
func FuzzFrame(f *testing.F) {
	f.Add([]byte("hello"), true, true)
	f.Add([]byte(strings.Repeat("hello", 40_000)), false, true)
	f.Fuzz(func(t *testing.T, data []byte, client, extended bool) {
		c := &Conn{threshold: 1}
		c.client, c.extended = client, extended
		sent := c.encode(nil, Binary, data)
		got := decode(t, rules{client: !client, extended: extended, limit: 1 << 20}, sent, nil)
		if want := fmt.Sprintf("message 2 %q\nend, empty: true\n", data); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
