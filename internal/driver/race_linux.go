//go:build race

package driver

import (
	"runtime"
	"unsafe"
)

// kernelWrote tells the race detector of memory that a raw system call filled, which it cannot see.
func kernelWrote(p unsafe.Pointer, bytes int) { runtime.RaceWriteRange(p, bytes) }
