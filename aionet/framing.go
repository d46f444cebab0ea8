//go:build unix && !aix

package aionet

import (
	"bufio"
	"encoding/binary"
	"io"
)

// LengthPrefixed returns a function for [Requests], and for [bufio.Scanner],
// that cuts messages behind a length of four bytes, big-endian, which does not
// count itself: Kafka's framing. The message comes without it. A length above
// limit is [ErrRequestTooLarge], before anything of the message is kept.
func LengthPrefixed(limit int) bufio.SplitFunc {
	return func(data []byte, atEOF bool) (advance int, token []byte, err error) {
		if len(data) >= 4 {
			size := uint64(binary.BigEndian.Uint32(data))
			if size > uint64(limit) {
				return 0, nil, ErrRequestTooLarge
			}
			if uint64(len(data)) >= 4+size {
				end := 4 + int(size)
				return end, data[4:end:end], nil
			}
		}
		if atEOF && len(data) > 0 {
			return 0, nil, io.ErrUnexpectedEOF
		}
		return 0, nil, nil
	}
}
