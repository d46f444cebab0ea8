//go:build linux

package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// DialHTTP opens the connections to an HTTP/1.1 server and makes the request once on each. What the answer is, is learnt from a
// first one, on a connection of its own, which is parsed: its status must be 200, and check says whether the body is right. From then
// on every answer must have the same bytes, but for the value of Date.
func DialHTTP(config Config, request []byte, check func(body []byte) error) (*Client, error) {
	answer, err := firstAnswer(config.Address, request, check)
	if err != nil {
		return nil, fmt.Errorf("load: the first answer: %w", err)
	}
	return newClient(config, newFixed(request, answer, config.InFlight))
}

// firstAnswer makes the request and returns the bytes of the answer.
func firstAnswer(address netip.AddrPort, request []byte, check func(body []byte) error) ([]byte, error) {
	conn, err := net.DialTimeout("tcp", address.String(), patience)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	var raw bytes.Buffer
	reader := bufio.NewReader(io.TeeReader(conn, &raw))
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	switch {
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s: %q", response.Status, body)
	case response.Close:
		return nil, errors.New("the server closes the connection after it")
	case reader.Buffered() > 0:
		return nil, errors.New("there is more than was asked for")
	}
	return raw.Bytes(), check(body)
}

// fixed is one HTTP request again and again, and its answer.
type fixed struct {
	requests []byte // as many as may be in flight
	size     int    // of one
	answer   []byte
	from, to int // of the answer's date, which changes
}

func newFixed(request, answer []byte, inFlight int) fixed {
	f := fixed{requests: bytes.Repeat(request, max(inFlight, 1)), size: len(request), answer: answer}
	head, _, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
	if at := bytes.Index(bytes.ToLower(head), []byte("\r\ndate: ")); at >= 0 {
		f.from = at + len("\r\ndate: ")
		f.to = f.from + len(http.TimeFormat)
	}
	return f
}

func (f fixed) next(_ *connection, messages int) []byte { return f.requests[:messages*f.size] }

func (f fixed) expects(conn *connection, got []byte) bool {
	at := int(conn.received % int64(len(f.answer)))
	for len(got) > 0 {
		n := min(len(got), len(f.answer)-at)
		before, after := min(max(f.from-at, 0), n), min(max(f.to-at, 0), n) // of the date
		if !bytes.Equal(got[:before], f.answer[at:at+before]) || !bytes.Equal(got[after:n], f.answer[at+after:at+n]) {
			return false
		}
		got, at = got[n:], 0
	}
	return true
}

func (f fixed) messageSize() int { return f.size }
func (f fixed) answerSize() int  { return len(f.answer) }
