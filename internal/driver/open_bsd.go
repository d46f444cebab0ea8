//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package driver

// system holds this system's drivers, the default first.
var system = []named{
	{"kqueue", openKqueue},
	{"portable", openPortable},
	{"simulated", openSimulated},
}
