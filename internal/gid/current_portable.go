//go:build !gc || purego || !(amd64 || arm64)

package gid

import (
	"runtime"
	"sync"
)

// headers keeps the buffers off the heap of every call: runtime.Stack makes its
// argument escape.
var headers = sync.Pool{New: func() any { return new([64]byte) }}

// Current returns the identity of the running goroutine: a number that no
// other live goroutine has, and never 0.
//
// Here it is the number in the header of the goroutine's stack trace, which
// takes about a microsecond.
func Current() uintptr {
	buffer := headers.Get().(*[64]byte)
	n := runtime.Stack(buffer[:], false)
	identity := parseHeader(buffer[:n])
	headers.Put(buffer)
	return identity
}

// parseHeader reads the number from "goroutine 18 [running]:". The runtime has
// printed that since Go 1; the race detector, pprof and tests rely on it too.
func parseHeader(header []byte) uintptr {
	const prefix = "goroutine "
	var number uintptr
	if len(header) > len(prefix) && string(header[:len(prefix)]) == prefix {
		for _, c := range header[len(prefix):] {
			if c < '0' || c > '9' {
				break
			}
			number = number*10 + uintptr(c-'0')
		}
	}
	if number == 0 {
		panic("gid: no goroutine number in " + string(header))
	}
	return number
}
