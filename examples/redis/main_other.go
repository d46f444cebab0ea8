//go:build !unix || aix

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "redis: aionet is for Unix systems; it does not serve on this one")
	os.Exit(1)
}
