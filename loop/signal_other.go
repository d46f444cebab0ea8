//go:build !unix

package loop

import "os"

var uncatchable = []os.Signal{os.Kill}

func isSignal(sig os.Signal) bool { return sig != nil }
