package process

import "syscall"

// Status is how a process ended.
type Status struct {
	Text   string
	Code   int            // the exit status
	Signal syscall.Signal // that killed it, 0 for none
}
