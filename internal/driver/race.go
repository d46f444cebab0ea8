//go:build race

package driver

import (
	"runtime"
	"unsafe"
)

// A raw system call is invisible to the race detector, and so is what the kernel does to the memory it was given. Each
// one tells of it: afterwards, what was read and what was written.

func kernelRead(p unsafe.Pointer, bytes int)  { runtime.RaceReadRange(p, bytes) }
func kernelWrote(p unsafe.Pointer, bytes int) { runtime.RaceWriteRange(p, bytes) }

// ioSync orders what is sent before what is received, as package syscall does it: which write a read belongs to is not
// known.
var ioSync int64

func acquireIO() { runtime.RaceAcquire(unsafe.Pointer(&ioSync)) }
func releaseIO() { runtime.RaceReleaseMerge(unsafe.Pointer(&ioSync)) }
