//go:build gc && !purego && (amd64 || arm64)

package gid

// Current returns the identity of the running goroutine: a number that no
// other live goroutine has, and never 0. The runtime gives it to another
// goroutine once this one has ended.
//
// Here it is the address of the runtime's goroutine descriptor, which is
// neither moved nor freed while the program runs.
func Current() uintptr
