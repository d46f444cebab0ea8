//go:build !gc || purego || !(amd64 || arm64)

package gid

import "testing"

func TestParseHeader(t *testing.T) {
	for header, want := range map[string]uintptr{
		"goroutine 1 [running]:":   1,
		"goroutine 4711 [running]": 4711,
	} {
		if got := parseHeader([]byte(header)); got != want {
			t.Errorf("%q: got %d, want %d", header, got, want)
		}
	}
	for _, header := range []string{"", "goroutine ", "goroutine x", "thread 1"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q: no panic", header)
				}
			}()
			parseHeader([]byte(header))
		}()
	}
}
