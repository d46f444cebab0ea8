//go:build unix && !aix

package websocket

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// A raw peer sends what bytes it likes.
type rawPeer struct {
	net.Conn
	reader *bufio.Reader
	answer *http.Response
}

const sampleKey = "dGhlIHNhbXBsZSBub25jZQ==" // RFC 6455's

func dialRaw(t *testing.T, address string, fields ...string) rawPeer {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s\r\n",
		sampleKey, strings.Join(append(fields, ""), "\r\n"))
	p := rawPeer{Conn: c, reader: bufio.NewReader(c)}
	if p.answer, err = http.ReadResponse(p.reader, nil); err != nil {
		t.Fatal(err)
	}
	return p
}

// all returns what comes until the end, a frame a line.
func (p rawPeer) all() string {
	var got strings.Builder
	for {
		f, err := readFrame(p.reader)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
			return got.String() + "end"
		case err != nil:
			return got.String() + err.Error()
		}
		got.WriteString(describe(f) + "\n")
	}
}

// readFrame reads a frame of no more than the tests send.
func readFrame(r io.Reader) (f ws.Frame, err error) {
	if f.Header, err = ws.ReadHeader(r); err != nil {
		return f, err
	}
	if f.Header.Length > 1<<21 {
		return f, fmt.Errorf("a frame of %d bytes", f.Header.Length)
	}
	f.Payload = make([]byte, f.Header.Length)
	_, err = io.ReadFull(r, f.Payload)
	return f, err
}

// one returns the next frame.
func (p rawPeer) one(t *testing.T) string {
	t.Helper()
	f, err := readFrame(p.reader)
	if err != nil {
		t.Fatal(err)
	}
	return describe(f)
}

func describe(f ws.Frame) string {
	name := map[ws.OpCode]string{ws.OpText: "text", ws.OpBinary: "binary", ws.OpContinuation: "continuation",
		ws.OpClose: "close", ws.OpPing: "ping", ws.OpPong: "pong"}[f.Header.OpCode]
	if f.Header.Masked {
		name = "masked " + name
	}
	if !f.Header.Fin {
		name += " begins"
	}
	if f.Header.Rsv1() {
		name = "compressed " + name
	}
	switch {
	case f.Header.OpCode == ws.OpClose && len(f.Payload) >= 2:
		code, _ := ws.ParseCloseFrameData(f.Payload)
		return fmt.Sprintf("%s %d", name, code)
	case len(f.Payload) > 64:
		return fmt.Sprintf("%s of %d", name, len(f.Payload))
	}
	return fmt.Sprintf("%s %q", name, f.Payload)
}

// frame makes a client's frame.
func frame(code ws.OpCode, fin bool, payload string) []byte {
	return appendFrame(nil, true, false, code, fin, []byte(payload))
}

func text(payload string) []byte { return frame(ws.OpText, true, payload) }

// closing is a close frame whose payload is as it says.
func closeFrame(code int, reason string) []byte {
	return frame(ws.OpClose, true, string([]byte{byte(code >> 8), byte(code)})+reason)
}

func join(frames ...[]byte) []byte { return bytes.Join(frames, nil) }

// header makes a frame by hand.
func header(first, second byte, rest ...byte) []byte { return append([]byte{first, second}, rest...) }

// behaviours are what Autobahn's suite is about: what a server answers to what
// comes. Bytes after the first line that ends the connection are not looked at.
var behaviours = []struct {
	name string
	send []byte
	want string
}{
	// Framing.
	{"nothing, and the end", nil, "end"},
	{"an empty text", text(""), `text ""` + "\nend"},
	{"a text of 125", text(strings.Repeat("a", 125)), "text of 125\nend"},
	{"a text of 126", text(strings.Repeat("a", 126)), "text of 126\nend"},
	{"a text of 65535", text(strings.Repeat("a", 65535)), "text of 65535\nend"},
	{"a text of 65536", text(strings.Repeat("a", 65536)), "text of 65536\nend"},
	{"a binary of 200000", frame(ws.OpBinary, true, strings.Repeat("\xff", 200000)), "binary of 200000\nend"},
	{"ten messages at once", bytes.Repeat(text("x"), 10), strings.Repeat("text \"x\"\n", 10) + "end"},
	{"a length in more bytes than it needs", join(header(0x81, 0xfe, 0, 1, 0, 0, 0, 0), []byte("x")), "text \"x\"\nend"},

	// Pings and pongs.
	{"a ping", frame(ws.OpPing, true, ""), `pong ""` + "\nend"},
	{"a ping with a payload", frame(ws.OpPing, true, "\x00\xff"), `pong "\x00\xff"` + "\nend"},
	{"a ping of 125", frame(ws.OpPing, true, strings.Repeat("p", 125)), "pong of 125\nend"},
	{"a ping of 126", frame(ws.OpPing, true, strings.Repeat("p", 126)), "close 1002\nend"},
	{"a pong that nobody asked for", join(frame(ws.OpPong, true, "12345678"), text("x")), "text \"x\"\nend"},
	{"ten pings", bytes.Repeat(frame(ws.OpPing, true, "p"), 10), strings.Repeat("pong \"p\"\n", 10) + "end"},

	// Reserved bits and codes.
	{"RSV1 without an extension", header(0xc1, 0x80, 0, 0, 0, 0), "close 1002\nend"},
	{"RSV2", header(0xa1, 0x80, 0, 0, 0, 0), "close 1002\nend"},
	{"RSV3", header(0x91, 0x80, 0, 0, 0, 0), "close 1002\nend"},
	{"all of them, on a ping", header(0xf9, 0x80, 0, 0, 0, 0), "close 1002\nend"},
	{"data of opcode 3", header(0x83, 0x80, 0, 0, 0, 0), "close 1002\nend"},
	{"data of opcode 7, after a message", join(text("x"), header(0x87, 0x80, 0, 0, 0, 0)), "text \"x\"\nclose 1002\nend"},
	{"control of opcode 11", header(0x8b, 0x80, 0, 0, 0, 0), "close 1002\nend"},
	{"control of opcode 15", header(0x8f, 0x80, 0, 0, 0, 0), "close 1002\nend"},
	{"no mask", appendFrame(nil, false, false, ws.OpText, true, []byte("x")), "close 1002\nend"},
	{"a ping without a mask", appendFrame(nil, false, false, ws.OpPing, true, nil), "close 1002\nend"},
	{"a length of 2^63", header(0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), "close 1002\nend"},

	// Fragments.
	{"two fragments", join(frame(ws.OpText, false, "a"), frame(ws.OpContinuation, true, "b")), `text "ab"` + "\nend"},
	{"fragments, some empty", join(frame(ws.OpText, false, ""), frame(ws.OpContinuation, false, "x"), frame(ws.OpContinuation, true, "")), `text "x"` + "\nend"},
	{"all fragments empty", join(frame(ws.OpBinary, false, ""), frame(ws.OpContinuation, false, ""), frame(ws.OpContinuation, true, "")), `binary ""` + "\nend"},
	{"a ping between fragments", join(frame(ws.OpText, false, "a"), frame(ws.OpPing, true, "p"), frame(ws.OpContinuation, true, "b")),
		"pong \"p\"\ntext \"ab\"\nend"},
	{"a message between fragments", join(frame(ws.OpText, false, "a"), text("b")), "close 1002\nend"},
	{"a continuation of nothing", frame(ws.OpContinuation, true, "a"), "close 1002\nend"},
	{"a continuation after a message", join(text("a"), frame(ws.OpContinuation, false, "b")), "text \"a\"\nclose 1002\nend"},
	{"a fragmented ping", frame(ws.OpPing, false, "p"), "close 1002\nend"},
	{"a fragmented close", frame(ws.OpClose, false, ""), "close 1002\nend"},

	// UTF-8.
	{"UTF-8", text("κόσμε \U0010ffff"), fmt.Sprintf("text %q\nend", "κόσμε \U0010ffff")},
	{"UTF-8 that is cut within a character", join(frame(ws.OpText, false, "\xce"), frame(ws.OpContinuation, true, "\xba")), `text "κ"` + "\nend"},
	{"no UTF-8", text("a\xffb"), "close 1007\nend"},
	{"a surrogate", text("\xed\xa0\x80"), "close 1007\nend"},
	{"a character in too many bytes", text("\xc0\xaf"), "close 1007\nend"},
	{"beyond U+10FFFF", text("\xf4\x90\x80\x80"), "close 1007\nend"},
	{"a character that does not end", text("\xce"), "close 1007\nend"},
	{"no UTF-8 in fragments", join(frame(ws.OpText, false, "a"), frame(ws.OpContinuation, true, "\xff")), "close 1007\nend"},
	{"no UTF-8, binary", frame(ws.OpBinary, true, "\xff"), `binary "\xff"` + "\nend"},

	// Close.
	{"close without a code", frame(ws.OpClose, true, ""), `close ""` + "\nend"},
	{"close with one byte", frame(ws.OpClose, true, "\x03"), "close 1002\nend"},
	{"close 1000", closeFrame(1000, "bye"), "close 1000\nend"},
	{"close with the longest reason", closeFrame(1000, strings.Repeat("r", 123)), "close 1000\nend"},
	{"close with too long a reason", closeFrame(1000, strings.Repeat("r", 124)), "close 1002\nend"},
	{"close with no UTF-8", closeFrame(1000, "\xff"), "close 1007\nend"},
	{"a message after close", join(closeFrame(1000, ""), text("late")), "close 1000\nend"},
	{"a ping after close", join(closeFrame(1000, ""), frame(ws.OpPing, true, "")), "close 1000\nend"},
	{"two closes", join(closeFrame(1000, ""), closeFrame(1001, "")), "close 1000\nend"},
	{"close between fragments", join(frame(ws.OpText, false, "a"), closeFrame(1000, "")), "close 1000\nend"},
	{"close 999", closeFrame(999, ""), "close 1002\nend"},
	{"close 0", closeFrame(0, ""), "close 1002\nend"},
	{"close 1004", closeFrame(1004, ""), "close 1002\nend"},
	{"close 1005", closeFrame(1005, ""), "close 1002\nend"},
	{"close 1006", closeFrame(1006, ""), "close 1002\nend"},
	{"close 1007", closeFrame(1007, ""), "close 1007\nend"},
	{"close 1011", closeFrame(1011, ""), "close 1011\nend"},
	{"close 1014", closeFrame(1014, ""), "close 1014\nend"},
	{"close 1015", closeFrame(1015, ""), "close 1002\nend"},
	{"close 1016", closeFrame(1016, ""), "close 1002\nend"},
	{"close 2999", closeFrame(2999, ""), "close 1002\nend"},
	{"close 3000", closeFrame(3000, ""), "close 3000\nend"},
	{"close 4999", closeFrame(4999, ""), "close 4999\nend"},
	{"close 5000", closeFrame(5000, ""), "close 1002\nend"},
	{"close 65535", closeFrame(65535, ""), "close 1002\nend"},

	// Limits.
	{"the largest message", frame(ws.OpBinary, true, strings.Repeat("x", 1<<20)), "binary of 1048576\nend"},
	{"a larger one", frame(ws.OpBinary, true, strings.Repeat("x", 1<<20+1)), "close 1009\nend"},
	{"a larger one, as its header says", header(0x82, 0xff, 0, 0, 0, 0, 0xff, 0, 0, 0, 1, 2, 3, 4), "close 1009\nend"},
	{"a larger one in fragments", join(frame(ws.OpBinary, false, strings.Repeat("x", 1<<20)), frame(ws.OpContinuation, true, "y")), "close 1009\nend"},

	// The end without a close frame.
	{"half a header", []byte{0x81}, "end"},
	{"half a frame", text("hello")[:8], "end"},
	{"half a message", frame(ws.OpText, false, "a"), "end"},
	{"another protocol", []byte("GET / HTTP/1.1\r\n\r\n"), "close 1002\nend"},
}

func TestBehaviours(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, address string) {
		for _, b := range behaviours {
			t.Run(b.name, func(t *testing.T) {
				p := dialRaw(t, address)
				go func() {
					_, _ = p.Write(b.send)
					_ = p.Conn.(*net.TCPConn).CloseWrite()
				}()
				if got := p.all(); got != b.want {
					t.Errorf("got %s\nwant %s", got, b.want)
				}
			})
		}
	})
}

// Where the bytes are cut makes no difference.
func TestBehavioursInPieces(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, address string) {
		for _, b := range behaviours {
			if len(b.send) > 200 {
				continue
			}
			t.Run(b.name, func(t *testing.T) {
				p := dialRaw(t, address)
				_ = p.Conn.(*net.TCPConn).SetNoDelay(true)
				go func() {
					for i := range b.send {
						_, _ = p.Write(b.send[i : i+1])
					}
					_ = p.Conn.(*net.TCPConn).CloseWrite()
				}()
				if got := p.all(); got != b.want {
					t.Errorf("got %s\nwant %s", got, b.want)
				}
			})
		}
	})
}
