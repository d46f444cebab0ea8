package aionet

import "testing"

func TestSeparatorThatEndsFirst(t *testing.T) {
	for _, c := range []struct {
		text       string
		separators []string
		start, end int
		found      bool
	}{
		{"abc", []string{"x"}, 0, 0, false},
		{"a\r\nb", []string{"\n", "\r\n"}, 1, 3, true},
		{"a\r\nb", []string{"\r\n", "\n"}, 1, 3, true},
		{"a\r\nb", []string{"\r", "\r\n"}, 1, 2, true},
		{"aXYZb", []string{"XYZ", "Y"}, 2, 3, true},
		{"aXYZYb", []string{"XYZ", "ZY"}, 1, 4, true},
		{"--", []string{"--"}, 0, 2, true},
		{"-x-", []string{"--"}, 0, 0, false},
	} {
		// In one piece, and byte by byte.
		whole := newSeparatorSearch(c.separators)
		start, end, found := whole.next([]byte(c.text))
		if found != c.found || start != c.start || end != c.end {
			t.Errorf("%q by %q: %d, %d, %v", c.text, c.separators, start, end, found)
		}
		growing := newSeparatorSearch(c.separators)
		for n := 0; n <= len(c.text); n++ {
			if start, end, found = growing.next([]byte(c.text[:n])); found {
				break
			}
		}
		if found != c.found || start != c.start || end != c.end {
			t.Errorf("%q by %q, byte by byte: %d, %d, %v", c.text, c.separators, start, end, found)
		}
	}
}
