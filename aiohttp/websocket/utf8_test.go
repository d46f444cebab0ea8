//go:build unix && !aix

package websocket

import (
	"testing"
	"unicode/utf8"
)

// FuzzText checks a text in pieces and as a whole.
func FuzzText(f *testing.F) {
	for _, text := range []string{"", "a", "κόσμε \U0010ffff", "a\xff", "\xce", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80", "\xf0\x9f\x98", "\xe2\x82\xe2\x82\xac", "\x80"} {
		f.Add([]byte(text), uint64(0x0101010101010101))
		f.Add([]byte(text), uint64(0x10203))
	}
	f.Fuzz(func(t *testing.T, text []byte, cuts uint64) {
		var checker textChecker
		good, rest := true, text
		for good && len(rest) > 0 {
			n := min(len(rest), int(cuts%8))
			good = checker.add(rest[:n])
			rest = rest[n:]
			if cuts = cuts>>3 | cuts<<61; n == 0 {
				cuts |= 1
			}
		}
		if got := good && checker.whole(); got != utf8.Valid(text) {
			t.Errorf("%q: %v", text, got)
		}
		if !good && utf8.Valid(text[:len(text)-len(rest)]) {
			t.Errorf("%q: refused before it is wrong", text)
		}
	})
}
