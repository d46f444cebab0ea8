//go:build unix && !aix && !linux

package aionet

// keepAlive leaves the times to the system: the options' names differ.
func keepAlive(int) {}
