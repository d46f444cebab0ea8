//go:build !unix || aix

package serve

import (
	"fmt"
	"io"
)

// Main says that the command is not there.
func Main(_ []string, _, errs io.Writer) int {
	fmt.Fprintln(errs, "aio serve: this system has no aionet yet; it is there on Linux, macOS and the BSDs")
	return 1
}
