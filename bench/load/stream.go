//go:build linux

package load

import "math/rand/v2"

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
