//go:build unix && !aix

package aionet

import (
	"fmt"
	"io"
)

// IncompleteReadError says that the stream ended before what was asked for was
// complete. errors.Is finds [io.EOF] in it if nothing had come, else
// [io.ErrUnexpectedEOF]. It is asyncio's.
type IncompleteReadError struct {
	// Partial is what came before the end. It has been taken from the stream.
	Partial []byte
	// Expected is how many bytes were asked for, 0 when it was a separator.
	Expected int
}

func (e *IncompleteReadError) Error() string {
	if e.Expected == 0 {
		return fmt.Sprintf("aionet: the stream ended after %d bytes, before a separator", len(e.Partial))
	}
	return fmt.Sprintf("aionet: the stream ended after %d of %d bytes", len(e.Partial), e.Expected)
}

// Is holds for io.EOF or io.ErrUnexpectedEOF.
func (e *IncompleteReadError) Is(target error) bool {
	if len(e.Partial) == 0 {
		return target == io.EOF
	}
	return target == io.ErrUnexpectedEOF
}

// LimitOverrunError says that there was no separator within the limit of a
// [Stream]. Everything is left in the buffer: take the first Consumed bytes with
// [Stream.ReadExactly] to go on behind them, or close the connection. It is
// asyncio's.
type LimitOverrunError struct {
	// Consumed is how many bytes are surely not part of a separator.
	Consumed int
	// Limit is the stream's.
	Limit int
	// Found is set if a separator follows right behind the Consumed bytes.
	Found bool
}

func (e *LimitOverrunError) Error() string {
	if e.Found {
		return fmt.Sprintf("aionet: the separator comes after %d bytes, and the limit is %d; see aionet.Limit", e.Consumed, e.Limit)
	}
	return fmt.Sprintf("aionet: no separator in %d bytes, and the limit is %d; see aionet.Limit", e.Consumed, e.Limit)
}
