//go:build unix

package loop

import (
	"os"
	"syscall"
)

var uncatchable = []os.Signal{syscall.SIGKILL, syscall.SIGSTOP}

func isSignal(sig os.Signal) bool {
	number, ok := sig.(syscall.Signal)
	return ok && number > 0 && number <= 64
}
