//go:build unix && !aix && !linux

package driver

// pollPeerHangup has no form of its own here: POLLHUP says it.
const pollPeerHangup = 0
