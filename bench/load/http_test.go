//go:build linux

package load

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

const get = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"

// answers is an HTTP server that writes answer(n) for the n-th request of a connection, in pieces of that many bytes.
func answers(piece int, answer func(n int) string) func(net.Conn) {
	return func(conn net.Conn) {
		request := make([]byte, len(get))
		for n := 0; ; n++ {
			if _, err := io.ReadFull(conn, request); err != nil {
				return
			}
			for rest := answer(n); rest != ""; {
				part := rest[:min(piece, len(rest))]
				rest = rest[len(part):]
				if _, err := io.WriteString(conn, part); err != nil {
					return
				}
			}
		}
	}
}

func hello(n int) string {
	date := time.Unix(int64(n), 0).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
	return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\ndate: " + date + "\r\nServer: test\r\n\r\nhello"
}

func isHello(body []byte) error {
	if string(body) != "hello" {
		return fmt.Errorf("body %q", body)
	}
	return nil
}

func TestHTTPCountsAnswersWhoseDatesDiffer(t *testing.T) {
	chunked := func(int) string {
		return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
	}
	for name, test := range map[string]struct {
		answer          func(int) string
		piece, inFlight int
	}{
		"at once":          {hello, 1 << 20, 1},
		"in small pieces":  {hello, 7, 1},
		"byte by byte":     {hello, 1, 2},
		"chunked, no date": {chunked, 1 << 20, 1},
		"many in flight":   {hello, 1 << 20, 16},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := DialHTTP(Config{Address: serve(t, answers(test.piece, test.answer)), Connections: 3, InFlight: test.inFlight}, []byte(get), isHello)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			got, err := client.Closed(10 * time.Millisecond)
			if err != nil || got.Requests < int64(3*test.inFlight) || got.Requests != client.answered-3 {
				t.Errorf("%+v of %d, error %v", got, client.answered, err)
			}
		})
	}
}

// Any answer but the first one's is an error, whichever and wherever.
func TestHTTPRefusesOtherAnswers(t *testing.T) {
	for name, other := range map[string]string{
		"another status":   strings.Replace(hello(3), "200 OK", "500 No", 1),
		"another body":     strings.Replace(hello(3), "hello", "hallo", 1),
		"a longer body":    strings.Replace(hello(3), "hello", "hello!", 1),
		"a shorter header": strings.Replace(hello(3), "Server: test\r\n", "", 1) + hello(4),
		"twice":            hello(3) + hello(4),
		"another protocol": "SSH-2.0-OpenSSH_9.2p1 and something more to be long enough, as long as the answer was, and longer\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			client, err := DialHTTP(Config{Address: serve(t, answers(1<<20, func(n int) string {
				if n == 2 {
					return other
				}
				return hello(n)
			})), Connections: 1, InFlight: 1}, []byte(get), isHello)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if got, err := client.Closed(time.Minute); err == nil || !strings.Contains(err.Error(), "other bytes") {
				t.Errorf("%+v, error %v", got, err)
			}
		})
	}
}

func TestHTTPRefusesAFirstAnswer(t *testing.T) {
	for name, answer := range map[string]string{
		"status":       "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello",
		"body":         "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo",
		"closes":       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
		"no length":    "HTTP/1.0 200 OK\r\n\r\nhello",
		"two":          hello(0) + hello(1),
		"not HTTP":     "hello\r\n\r\n",
		"half of it":   "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
		"nothing else": "",
	} {
		t.Run(name, func(t *testing.T) {
			address := serve(t, func(conn net.Conn) {
				_, _ = io.ReadFull(conn, make([]byte, len(get)))
				_, _ = io.WriteString(conn, answer)
			})
			if client, err := DialHTTP(Config{Address: address, Connections: 1, InFlight: 1}, []byte(get), isHello); err == nil {
				t.Errorf("dialled %+v", client)
			}
		})
	}
}

// What was compared as one piece is compared alike in any two.
func TestFixedExpectsAtEveryPlace(t *testing.T) {
	f := newFixed([]byte(get), []byte(hello(1)), 1)
	two := hello(2) + hello(3)
	for cut := range len(two) {
		conn := &connection{}
		for _, piece := range []string{two[:cut], two[cut:]} {
			if !f.expects(conn, []byte(piece)) {
				t.Errorf("%q is not expected after %d bytes", piece, conn.received)
			}
			conn.received += int64(len(piece))
		}
	}
	for at := range len(two) {
		changed := []byte(two)
		changed[at] ^= 1
		inDate := at%len(f.answer) >= f.from && at%len(f.answer) < f.to
		if f.expects(&connection{}, changed) != inDate {
			t.Errorf("a changed byte %d: in the date %v", at, inDate)
		}
	}
	if f.to-f.from != 29 {
		t.Error(errors.New("no date in the answer"))
	}
}
