//go:build linux

package load

import (
	"fmt"
	"syscall"
)

// RaiseDescriptors raises this process's limit of open descriptors to at least n as far as the system lets it, and
// returns what it is then. Processes that it starts afterwards have the limit too.
func RaiseDescriptors(n uint64) (uint64, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("load: descriptor limit: %w", err)
	}
	if limit.Max < n {
		more := syscall.Rlimit{Cur: n, Max: n} // for those who may
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &more) == nil {
			return n, nil
		}
	}
	// Also when it is high enough already: the Go runtime takes back what it raised itself when it starts a process.
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("load: descriptor limit: %w", err)
	}
	return limit.Cur, nil
}
