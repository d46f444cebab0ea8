// Package stress uses every primitive of package aio at once, from many loops
// and goroutines, with cancels and deadlines at random moments, and checks what
// must hold all the same: nobody waits for ever, nothing is lost or doubled,
// nothing is left behind. It has only tests:
//
//	go test ./stress                                  # three seconds
//	go test -race ./stress -for 10m -timeout 20m      # the long form
package stress
