package aionet

import (
	"golang.org/x/sys/unix"

	"github.com/goaio/aio/internal/driver"
)

// burst is how many bytes of a file are handed to the socket at once: 192 KB, which
// is three segments to a peer on this machine, where two or five win nothing.
//
// The segments are full ones. A call ends by sending what is left over in a packet
// of its own, and a peer that keeps up is woken for that: with pieces of 2 MB it
// costs 5 % of the throughput. Corking the socket costs more than it saves. How
// large a segment is grows with the peer's window, so it is to be asked for anew.
func (c *Conn) burst() int {
	const most = 192 << 10
	segment, err := unix.GetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG)
	if err != nil || segment <= 0 || segment > most {
		return most
	}
	return most - most%segment
}

// sendBursts is [driver.SendfileResident] to a peer that keeps up. It takes a few
// segments from the file into a pipe, then sends them, where sendfile takes and
// sends every 64 KB. As they are sent right after each other, the peer, which is
// mostly faster, falls asleep less often, and to wake it is a third of what sending
// to one on this machine costs. It is 1.1 to 1.2 of the throughput. Files of a piece
// or less are not worth the two calls.
//
// What the socket does not take goes back to the file, so that a peer that is
// waited for holds no pipe.
func sendBursts(socket, file, count, burst int) (sent int, err error) {
	pair, err := pipePairs.take()
	if err != nil || !pair.large {
		if err == nil {
			pipePairs.put(pair, true)
		}
		return driver.SendfileResident(socket, file, count)
	}
	left := 0
	defer func() { pipePairs.put(pair, left == 0) }()
	for sent < count {
		left, err = driver.SpliceResident(file, pair.write, min(burst, count-sent))
		if left == 0 {
			break
		}
		sent += left
		for left > 0 && err == nil {
			var n int
			n, err = driver.SpliceResident(pair.read, socket, left)
			left -= n
		}
		if err != nil {
			sent -= left
			_, _ = unix.Seek(file, int64(-left), unix.SEEK_CUR)
			break
		}
	}
	if sent > 0 {
		return sent, nil // an error comes back with the next piece
	}
	return 0, err
}
