package aionet

import (
	"golang.org/x/sys/unix"

	"github.com/goaio/aio/internal/driver"
)

// burstSize asks how many bytes of a file are to be handed to the socket at once:
// at most 192 KB, which is three or four segments to a peer on this machine. With
// two of 64 KB, or five, nothing is won.
//
// The segments are full ones. A call ends by sending what is left over in a packet
// of its own, and a peer that keeps up is woken for that: with pieces of 2 MB it
// costs some percent of the throughput. Corking the socket costs more than it
// saves. How large a segment is grows with the peer's window, so it is to be asked
// for anew.
func (c *Conn) burstSize() int {
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
// to one on this machine costs. It is 1.1 to 1.2 of the throughput. The first piece
// of a file is sent by sendfile, so small ones do not pay for two calls.
//
// What the socket does not take goes back to the file, so that a peer that is
// waited for holds no pipe. The error is errCannotSplice, and nothing is sent, when
// there is no pipe that holds a burst, or the system refuses.
func sendBursts(socket, file, count, burst int) (sent int, err error) {
	pair, err := pipePairs.take()
	if err != nil {
		return 0, errCannotSplice
	}
	left := 0
	defer func() { pipePairs.put(pair, left == 0) }()
	if !pair.large {
		return 0, errCannotSplice
	}
	for sent < count && err == nil {
		left, err = driver.SpliceResident(file, pair.write, min(burst, count-sent))
		if left == 0 {
			break
		}
		filled := left
		for left > 0 && err == nil {
			var n int
			if n, err = driver.SpliceResident(pair.read, socket, left); n == 0 && err == nil {
				err = errNothingSpliced
			}
			left -= n
		}
		sent += filled - left
		if left > 0 {
			_, _ = unix.Seek(file, int64(-left), unix.SEEK_CUR)
		}
	}
	switch {
	case sent > 0:
		return sent, nil // an error comes back with the next piece
	case err == nil || err == unix.EAGAIN:
		return 0, err
	}
	return 0, errCannotSplice
}
