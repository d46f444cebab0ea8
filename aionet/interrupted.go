//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"net"

	"github.com/goaio/aio"
)

// interrupted is the error of a read that was cancelled: the [*aio.CancelledError]
// that it wraps, as a temporary net.Error. So libraries know that the connection
// is whole: crypto/tls reads on where it stopped, pgx says that the time was up.
type interrupted struct{ error }

var _ net.Error = interrupted{}

func interruption(err error) error {
	if aio.IsCancelled(err) {
		if _, is := err.(interrupted); !is {
			return interrupted{err}
		}
	}
	return err
}

// Timeout reports whether a deadline made the cancel.
func (i interrupted) Timeout() bool   { return errors.Is(i.error, context.DeadlineExceeded) }
func (i interrupted) Temporary() bool { return true }
func (i interrupted) Unwrap() error   { return i.error }
