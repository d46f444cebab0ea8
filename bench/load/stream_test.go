//go:build linux

package load

import (
	"bytes"
	"testing"
)

func TestStreamsContinueAndDiffer(t *testing.T) {
	s := newStream(1024)
	var joined []byte
	for position := int64(0); position < 2*period; position += 1000 {
		joined = append(joined, s.piece(77, position, 1000)...)
	}
	if !bytes.Equal(joined[:1024], s.piece(77, 0, 1024)) || !bytes.Equal(joined[period:period+1024], joined[:1024]) {
		t.Error("the pieces do not continue each other")
	}
	for other := 1; other < 2000; other++ {
		if bytes.Equal(s.piece(other*7919%period, 0, 8), s.piece(0, 0, 8)) {
			t.Errorf("connections 0 and %d begin alike", other)
		}
	}
}
