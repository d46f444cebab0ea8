//go:build linux

package load

import (
	"bytes"
	"math/rand/v2"
)

// period is after how many bytes a connection's stream repeats: more than is ever in flight on one,
// so that a lost, repeated or swapped part does not look like the right one.
const period = 64 * 1024

// A stream is the bytes every connection sends, without end, each from a place of its own. What must come
// back is known without being remembered, and a message is sent from where it lies.
type stream struct {
	bytes []byte // one period, and its beginning again, so that a piece never wraps
}

func newStream(longest int) stream {
	bytes := make([]byte, period+longest)
	source := rand.NewChaCha8([32]byte{'l', 'o', 'a', 'd'})
	source.Read(bytes[:period])
	copy(bytes[period:], bytes)
	return stream{bytes}
}

// piece is the next n bytes of a connection that begins at start and is at position now. n is at most the longest.
func (s stream) piece(start int, position int64, n int) []byte {
	at := int((int64(start) + position) % period)
	return s.bytes[at : at+n]
}

// echo is a server that sends back what it gets.
type echo struct {
	stream stream
	size   int // of a message
}

func (e echo) start(conn *connection) int { return conn.number * 7919 % period }

func (e echo) next(conn *connection, messages int) []byte {
	return e.stream.piece(e.start(conn), conn.sent*int64(e.size), messages*e.size)
}

func (e echo) expects(conn *connection, got []byte) bool {
	return bytes.Equal(got, e.stream.piece(e.start(conn), conn.received, len(got)))
}

func (e echo) messageSize() int { return e.size }
func (e echo) answerSize() int  { return e.size }
