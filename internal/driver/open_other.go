//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package driver

// system holds this system's drivers, the default first.
var system = []named{
	{"portable", openPortable},
	{"simulated", openSimulated},
}
