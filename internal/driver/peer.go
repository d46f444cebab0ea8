package driver

// Peer is the other end of a datagram. It is a plain value, so that to receive one allocates nothing.
type Peer struct {
	IP   [16]byte // an IPv4 address in its IPv6 form
	Port uint16
	Is4  bool
	Zone uint32
	Path string // of a Unix socket
}
