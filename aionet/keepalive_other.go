//go:build unix && !aix && !linux

package aionet

import "time"

// keepAlive leaves the times to the system: the options' names differ.
func keepAlive(int, time.Duration) {}
