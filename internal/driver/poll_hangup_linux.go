package driver

import "golang.org/x/sys/unix"

// pollPeerHangup is how poll(2) says that the peer sends no more.
const pollPeerHangup = unix.POLLRDHUP
