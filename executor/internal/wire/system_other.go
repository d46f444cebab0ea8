//go:build !linux

package wire

import (
	"errors"
	"time"
)

var (
	ErrWouldBlock = errors.New("would block")
	ErrReset      = errors.New("connection reset")
)

func Pair() (here, there int, err error) { return -1, -1, errors.ErrUnsupported }
func (b *Buffer) Fill(fd int, nonblocking bool) (drained bool, err error) {
	return true, errors.ErrUnsupported
}
func Send(fd int, b []byte, file int, nonblocking bool) (int, error) { return 0, errors.ErrUnsupported }
func SendAll(fd int, b []byte, file int) error                       { return errors.ErrUnsupported }
func Shutdown(fd int, both bool)                                     {}
func AwaitReadable(fd int, timeout time.Duration) bool               { return false }
func AwaitWritable(fd int)                                           {}
func Duplicate(fd int) (int, error)                                  { return -1, errors.ErrUnsupported }
func SetNonblocking(fd int) error                                    { return errors.ErrUnsupported }
func CloseOnExec(fd int)                                             {}
func CreatedBy(fd, pid int) bool                                     { return false }
func Seal(payload []byte) (fd int, err error)                        { return -1, errors.ErrUnsupported }
func Unseal(fd int, limit int64) ([]byte, error)                     { return nil, errors.ErrUnsupported }
func CloseFile(fd int)                                               {}
