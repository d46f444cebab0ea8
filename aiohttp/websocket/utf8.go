//go:build unix && !aix

package websocket

import "unicode/utf8"

// textChecker checks that what comes in pieces is UTF-8.
type textChecker struct {
	begun [utf8.UTFMax]byte // a character of which not all has come
	size  int
}

// add reports whether what has come is UTF-8 with one more piece, but for its end.
func (t *textChecker) add(piece []byte) bool {
	for t.size > 0 && len(piece) > 0 {
		t.begun[t.size] = piece[0]
		t.size++
		piece = piece[1:]
		if begun := t.begun[:t.size]; utf8.FullRune(begun) {
			if !utf8.Valid(begun) {
				return false
			}
			t.size = 0
		}
	}
	if len(piece) == 0 {
		return true
	}
	end := len(piece)
	for at := end - 1; at >= max(0, end-utf8.UTFMax+1); at-- {
		if utf8.RuneStart(piece[at]) {
			if !utf8.FullRune(piece[at:]) {
				end = at
			}
			break
		}
	}
	t.size = copy(t.begun[:], piece[end:])
	return utf8.Valid(piece[:end])
}

// whole reports whether no character has begun.
func (t *textChecker) whole() bool { return t.size == 0 }
